-- 0002: the search index: sets of tokens made by search.c, which neither database may cut or change.
-- only sqlite
CREATE VIRTUAL TABLE ticket_search USING fts5(tokens, tokenize="ascii tokenchars '.@-_+/'", detail=none, columnsize=0);
-- only postgres
CREATE TABLE ticket_search(ticket_id BIGINT PRIMARY KEY, tokens tsvector NOT NULL);
CREATE INDEX ticket_search_tokens ON ticket_search USING gin(tokens);
-- both
