-- 0004: what holds now for one customer, without walking through all that ever held.
CREATE INDEX promise_state_held_of ON promise_state(customer_id, until_at);
