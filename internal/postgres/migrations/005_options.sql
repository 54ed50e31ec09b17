-- Whether imports that are made by the key may opt in who opted out (consent: allow).
alter table api_key add column allow_consent boolean not null default false;

-- What the request said that made the import, as a hash: an idempotency key that comes with another one is refused.
alter table import add column request_hash bytea;

---- create above / drop below ----

alter table import drop column request_hash;
alter table api_key drop column allow_consent;
