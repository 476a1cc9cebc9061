"""The answers of the benchmarks by FastAPI, as fast as its users make it: one
HTTP client and one pool of connections for all requests, and replies that are
encoded at once, without a walk over their values.

BENCH_API is the upstream's base URL, BENCH_DATABASE the connection's, which
may be missing.
"""

import asyncio
import os

import asyncpg
import httpx
from cachetools import TTLCache
from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import UJSONResponse

SELECT = "SELECT id, name, email FROM users WHERE id = $1"
LIST = "SELECT id, name, email FROM users ORDER BY id LIMIT 100"
INSERT = "INSERT INTO notes (text) VALUES ($1) RETURNING id"

app = FastAPI()
known_users = TTLCache(maxsize=1000, ttl=3600)


class Connection(asyncpg.Connection):
    """Goes back to the pool without a query that resets it."""

    def get_reset_query(self):
        return ""


@app.on_event("startup")
async def connect():
    app.state.http = httpx.AsyncClient(base_url=os.environ["BENCH_API"])

    if "BENCH_DATABASE" in os.environ:
        app.state.db = await asyncpg.create_pool(
            os.environ["BENCH_DATABASE"],
            connection_class=Connection,
            min_size=16,
            max_size=16,
        )


async def call(path):
    response = await app.state.http.get(path)
    return response.json()


@app.get("/")
async def fixed():
    return UJSONResponse({"message": "Hello, world!"})


@app.get("/one")
async def one():
    return UJSONResponse(await call("/user"))


@app.get("/three")
async def three():
    user, posts, comments = await asyncio.gather(
        call("/user"), call("/user"), call("/user")
    )

    return UJSONResponse({"user": user, "posts": posts, "comments": comments})


async def a_second():
    await asyncio.sleep(1)


@app.get("/task")
async def task(tasks: BackgroundTasks):
    tasks.add_task(a_second)
    return UJSONResponse({"message": "queued"}, background=tasks)


@app.get("/user/{user_id}")
async def cached(user_id: int):
    if user_id not in known_users:
        user = await call("/user")
        known_users[user_id] = {
            "user_id": user_id,
            "name": user["name"],
            "email": user["email"],
        }

    return UJSONResponse(known_users[user_id])


@app.get("/row/{user_id}")
async def row(user_id: int):
    return UJSONResponse(dict(await app.state.db.fetchrow(SELECT, user_id)))


@app.get("/rows")
async def rows():
    users = await app.state.db.fetch(LIST)
    return UJSONResponse([dict(user) for user in users])


@app.get("/add/{text}")
async def add(text: str):
    return UJSONResponse({"id": await app.state.db.fetchval(INSERT, text)})
