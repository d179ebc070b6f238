-- revision: v2_5_0b
-- parent: v2_5_0a
-- date: 2026-02-08 14:30:00.000000
-- title: Remove unused fields and rename schema_name to display_name.
--
-- Nobody reads the computer columns and the calendar name of an instrument. Databases made before migrations have other types and
-- constraint names here, so the table is rebuilt from what it is.

--@ batch instruments drop computer_mount, computer_ip, computer_name, calendar_name; rename schema_name display_name
