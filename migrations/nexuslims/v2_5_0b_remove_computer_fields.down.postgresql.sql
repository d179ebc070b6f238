-- The dropped columns come back empty.

ALTER TABLE instruments RENAME COLUMN display_name TO schema_name;

ALTER TABLE instruments ADD COLUMN computer_name VARCHAR COLLATE "C", ADD COLUMN computer_ip VARCHAR COLLATE "C", ADD COLUMN computer_mount VARCHAR COLLATE "C", ADD COLUMN calendar_name VARCHAR COLLATE "C";
