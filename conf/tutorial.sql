-- The tutorials' table and its first rows, for an empty database.

CREATE TABLE users (id    serial PRIMARY KEY,
                    name  text NOT NULL,
                    email text NOT NULL DEFAULT '');

CREATE UNIQUE INDEX users_email_key ON users (email) WHERE email <> '';

INSERT INTO users (name, email) VALUES ('Ada', 'ada@example.com'),
    ('Grace', 'grace@example.com'), ('Edsger', 'edsger@example.com');
