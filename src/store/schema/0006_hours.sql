-- 0006: hours bought apart (klippekort); a trip that served several customers.
CREATE TABLE hour_purchase(
  id {ID}, customer_id {INT} NOT NULL REFERENCES customer(id), minutes {INT} NOT NULL, price_ore {INT} NOT NULL,
  bought_day {INT} NOT NULL, expires_day {INT} NOT NULL,                      -- both days are usable
  note TEXT NOT NULL DEFAULT '', created_at {INT} NOT NULL, created_by {INT} NOT NULL, removed_at {INT} NOT NULL DEFAULT 0, removed_by {INT} NOT NULL DEFAULT 0);
CREATE INDEX hour_purchase_of ON hour_purchase(customer_id, bought_day, id);
ALTER TABLE time_entry ADD COLUMN trip_customers {INT} NOT NULL DEFAULT 1;      -- the driving is of a trip that served so many
ALTER TABLE time_entry ADD COLUMN trip_part {INT} NOT NULL DEFAULT 1;           -- and this customer is number 1, 2 ... of them
