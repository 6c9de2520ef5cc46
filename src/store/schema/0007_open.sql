-- 0007: open tickets by their last change, without walking through the closed ones of all years.
CREATE INDEX ticket_open_updated ON ticket(updated_at, id, solved_at, probe) WHERE solved_at=0 AND probe=0;
CREATE INDEX ticket_open_of_updated ON ticket(customer_id, updated_at, id, solved_at, probe) WHERE solved_at=0 AND probe=0;
