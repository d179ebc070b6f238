-- The dropped columns come back empty.

--@ batch instruments rename display_name schema_name; add computer_name VARCHAR; add computer_ip VARCHAR(15); add computer_mount VARCHAR; add calendar_name VARCHAR
