-- 0008: what was sent or accepted, as facts (core/agreement_doc.h) from which page and text are told again word for word, and the PDF as it
-- was made when it was accepted.
CREATE TABLE agreement_doc(
  customer_id {INT} NOT NULL, agreement_id {INT} NOT NULL REFERENCES agreement(id), sha256 TEXT NOT NULL, at {INT} NOT NULL, doc TEXT NOT NULL,
  pdf_at {INT} NOT NULL DEFAULT 0, pdf {BYTES}, PRIMARY KEY(customer_id, agreement_id, sha256));
