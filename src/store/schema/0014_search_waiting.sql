-- 0014: PostgreSQL keeps the words of what was written last in a list that every search reads whole, up to 4 MB of it: 64 kB do.
-- only postgres
ALTER INDEX ticket_search_tokens SET (gin_pending_list_limit=64);
-- both
