-- The UNIQUE constraints of a column go with it.

ALTER TABLE instruments DROP COLUMN computer_mount, DROP COLUMN computer_ip, DROP COLUMN computer_name, DROP COLUMN calendar_name;

ALTER TABLE instruments RENAME COLUMN schema_name TO display_name;
