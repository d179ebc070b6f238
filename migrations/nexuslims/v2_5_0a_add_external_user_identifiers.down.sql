-- The mappings are lost.

DROP INDEX idx_nexuslims_username;

DROP INDEX idx_external_lookup;

DROP TABLE external_user_identifiers;
