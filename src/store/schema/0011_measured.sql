-- 0011: when the ledger last changed, without reading it.
CREATE INDEX promise_state_measured ON promise_state(until_at, measured_at);
