-- revision: v2_4_0a
-- parent: v1_4_3
-- date: 2026-01-23 12:12:15.867734
-- title: Add upload_log table and BUILT_NOT_EXPORTED status.
--
-- One row for every attempt to publish a record at a destination. The new status needs no change here: statuses are not checked yet.

CREATE TABLE upload_log (
	id INTEGER NOT NULL, 
	session_identifier VARCHAR(36) NOT NULL, 
	destination_name VARCHAR(100) NOT NULL, 
	success BOOLEAN NOT NULL, 
	timestamp VARCHAR NOT NULL, 
	record_id VARCHAR(255), 
	record_url VARCHAR(500), 
	error_message VARCHAR, 
	metadata_json VARCHAR, 
	PRIMARY KEY (id)
);

CREATE INDEX ix_upload_log_session_identifier ON upload_log (session_identifier);

CREATE INDEX ix_upload_log_destination_name ON upload_log (destination_name);
