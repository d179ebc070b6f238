-- revision: v1_4_3
-- parent:
-- date: 2025-12-29 11:08:25.723483
-- title: Initial schema baseline.
--
-- The instruments and the session log of NexusLIMS 1.4.3. A blank after a comma at the end of a line belongs to the statement:
-- SQLite keeps the text, and databases are compared by it.

CREATE TABLE instruments (
	instrument_pid VARCHAR(100) NOT NULL, 
	api_url VARCHAR NOT NULL, 
	calendar_name VARCHAR NOT NULL, 
	calendar_url VARCHAR NOT NULL, 
	location VARCHAR(100) NOT NULL, 
	schema_name VARCHAR NOT NULL, 
	property_tag VARCHAR(20) NOT NULL, 
	filestore_path VARCHAR NOT NULL, 
	harvester VARCHAR NOT NULL, 
	timezone VARCHAR NOT NULL, 
	computer_name VARCHAR, 
	computer_ip VARCHAR(15), 
	computer_mount VARCHAR, 
	PRIMARY KEY (instrument_pid), 
	UNIQUE (api_url), 
	UNIQUE (computer_name), 
	UNIQUE (computer_ip)
);

CREATE TABLE session_log (
	id_session_log INTEGER NOT NULL, 
	session_identifier VARCHAR(36) NOT NULL, 
	instrument VARCHAR(100) NOT NULL, 
	timestamp VARCHAR NOT NULL, 
	event_type VARCHAR NOT NULL, 
	record_status VARCHAR NOT NULL, 
	user VARCHAR(50), 
	PRIMARY KEY (id_session_log), 
	FOREIGN KEY(instrument) REFERENCES instruments (instrument_pid)
);

CREATE INDEX ix_session_log_session_identifier ON session_log (session_identifier);
