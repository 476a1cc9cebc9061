# make                the module for the installed nginx, in build/
# make deps           installs what is missing (root or sudo)
# make run            the tutorials' endpoints on 127.0.0.1, until Ctrl-C
# make dev            the same, reloads when a configuration file changes
# make test           all tests;  TESTS="t/010-route.t" for some
# make asan           the same under AddressSanitizer and UBSan
# make test-hup       some tests with nginx reloaded for each part of a test
# make fuzz           the fuzz drivers, FUZZ_TIME seconds each
# make storm          rows against answers while servers end, ENDS=200 of them;
#                     and one client beside those who cost much
# make bench          the figures of the README
# make matrix         build and test on the other nginx versions
# make clean          removes build/
#
# NGINX_SRC=DIR       nginx built from a source tree, with the module in it
# PORT=8100           moves the ports of run and dev

export NGINX_SRC PORT TESTS FUZZ_TIME ENDS

KIND = $(if $(NGINX_SRC),static,module)

.PHONY: all deps run dev test test-hup asan fuzz storm bench matrix clean

all:
	@util/deps build
	@util/build $(KIND) $(NGINX_SRC)

deps:
	@util/deps build test

run:
	@util/deps run
	@util/run

dev:
	@util/deps run
	@util/run --reload

test:
	@util/deps build test
	@util/test $(KIND) $(NGINX_SRC)

test-hup:
	@util/deps build test
	@TEST_NGINX_USE_HUP=1 util/test $(KIND) $(NGINX_SRC)

asan:
	@util/deps build test
	@util/test asan $(NGINX_SRC)

fuzz:
	@util/deps build fuzz
	@util/fuzz

storm:
	@util/deps build test
	@util/build module > /dev/null
	@util/storm $(ENDS)

bench:
	@util/deps bench
	@util/build $(KIND) $(NGINX_SRC)
	@bench/run

matrix:
	@util/deps build test
	@util/matrix

clean:
	rm -rf build
