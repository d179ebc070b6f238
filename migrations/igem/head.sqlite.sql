-- The whole schema at revision 846c774a8f66, for SQLite: what `create` runs, since the revisions begin at a database
-- that is already there. Tables come before those that refer to them.

CREATE TABLE IF NOT EXISTS etl_source_systems (
  id INTEGER NOT NULL,
  name VARCHAR(255) NOT NULL,
  description VARCHAR(1024),
  homepage VARCHAR(512),
  active BOOLEAN NOT NULL,
  created_at DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (name)
);

CREATE TABLE IF NOT EXISTS etl_data_sources (
  id INTEGER NOT NULL,
  name VARCHAR(255) NOT NULL,
  dtp_version VARCHAR(50),
  schema_version VARCHAR(50),
  source_system_id INTEGER NOT NULL,
  data_type VARCHAR(50) NOT NULL,
  source_url VARCHAR(512),
  format VARCHAR(20) NOT NULL,
  dtp_script VARCHAR(255) NOT NULL,
  active BOOLEAN NOT NULL,
  created_at DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (name),
  FOREIGN KEY (source_system_id) REFERENCES etl_source_systems (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS etl_packages (
  id INTEGER NOT NULL,
  data_source_id INTEGER NOT NULL,
  status VARCHAR(14) NOT NULL,
  operation_type VARCHAR(50),
  version_tag VARCHAR(50),
  note VARCHAR(255),
  active BOOLEAN,
  extract_start DATETIME,
  extract_end DATETIME,
  extract_rows INTEGER,
  extract_hash VARCHAR(128),
  extract_status VARCHAR(14),
  transform_start DATETIME,
  transform_end DATETIME,
  transform_rows INTEGER,
  transform_hash VARCHAR(128),
  transform_status VARCHAR(14),
  load_start DATETIME,
  load_end DATETIME,
  load_rows INTEGER,
  load_hash VARCHAR(128),
  load_status VARCHAR(14),
  stats JSON,
  created_at DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT etl_status_enum CHECK (status IN ('pending', 'running', 'completed', 'failed', 'not-applicable', 'up-to-date')),
  CONSTRAINT etl_extract_status_enum CHECK (extract_status IN ('pending', 'running', 'completed', 'failed', 'not-applicable', 'up-to-date')),
  CONSTRAINT etl_transform_status_enum CHECK (transform_status IN ('pending', 'running', 'completed', 'failed', 'not-applicable', 'up-to-date')),
  CONSTRAINT etl_load_status_enum CHECK (load_status IN ('pending', 'running', 'completed', 'failed', 'not-applicable', 'up-to-date')),
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS entity_types (
  id INTEGER NOT NULL,
  name VARCHAR(50) NOT NULL,
  domain VARCHAR(9) NOT NULL,
  description VARCHAR(512),
  PRIMARY KEY (id),
  UNIQUE (name),
  CONSTRAINT entity_domain_enum CHECK (domain IN ('Genomics', 'Exposome', 'Knowledge'))
);

CREATE TABLE IF NOT EXISTS entity_relationship_types (
  id INTEGER NOT NULL,
  code VARCHAR(50) NOT NULL,
  description VARCHAR(255),
  PRIMARY KEY (id),
  UNIQUE (code)
);

CREATE TABLE IF NOT EXISTS genome_assemblies (
  id INTEGER NOT NULL,
  accession VARCHAR(50) NOT NULL,
  assembly_name VARCHAR(50) NOT NULL,
  chromosome VARCHAR(10),
  created_at DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
  updated_at DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (accession)
);

CREATE TABLE IF NOT EXISTS igem_metadata (
  id INTEGER NOT NULL,
  schema_version VARCHAR(50) NOT NULL,
  schema_revision VARCHAR(64),
  etl_version VARCHAR(50),
  description VARCHAR(255),
  created_at DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
  updated_at DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE IF NOT EXISTS system_config (
  id INTEGER NOT NULL,
  key VARCHAR(50) NOT NULL,
  value VARCHAR(255) NOT NULL,
  type VARCHAR(50) NOT NULL,
  description VARCHAR(255),
  editable BOOLEAN,
  created_at DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
  updated_at DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (key)
);

CREATE TABLE IF NOT EXISTS entities (
  id INTEGER NOT NULL,
  type_id INTEGER,
  has_conflict BOOLEAN,
  is_active BOOLEAN,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  FOREIGN KEY (type_id) REFERENCES entity_types (id) ON DELETE SET NULL,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE CASCADE,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS ix_entities_type_id ON entities (type_id);

CREATE TABLE IF NOT EXISTS anatomy_masters (
  id INTEGER NOT NULL,
  entity_id BIGINT NOT NULL,
  uberon_id VARCHAR(20) NOT NULL,
  name VARCHAR(255) NOT NULL,
  definition TEXT,
  anatomy_level VARCHAR(9),
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  CONSTRAINT anatomy_level_enum CHECK (anatomy_level IN ('system', 'organ', 'tissue', 'region', 'structure')),
  FOREIGN KEY (entity_id) REFERENCES entities (id) ON DELETE CASCADE,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS ix_anatomy_masters_entity_id ON anatomy_masters (entity_id);
CREATE UNIQUE INDEX IF NOT EXISTS ix_anatomy_masters_uberon_id ON anatomy_masters (uberon_id);
CREATE INDEX IF NOT EXISTS ix_anatomy_masters_anatomy_level ON anatomy_masters (anatomy_level);

CREATE TABLE IF NOT EXISTS chemical_groups (
  id INTEGER NOT NULL,
  name VARCHAR(64) NOT NULL,
  description VARCHAR(512),
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  UNIQUE (name),
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);

CREATE TABLE IF NOT EXISTS chemical_masters (
  id INTEGER NOT NULL,
  entity_id BIGINT NOT NULL,
  ctd_id VARCHAR(20),
  cas_number VARCHAR(20),
  pubchem_cid VARCHAR(20),
  chebi_id VARCHAR(20),
  inchi_key VARCHAR(27),
  smiles VARCHAR(4000),
  formula VARCHAR(100),
  molecular_weight FLOAT,
  chemical_class VARCHAR(100),
  is_drug BOOLEAN,
  is_environmental BOOLEAN,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  FOREIGN KEY (entity_id) REFERENCES entities (id) ON DELETE CASCADE,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS ix_chemical_masters_entity_id ON chemical_masters (entity_id);
CREATE INDEX IF NOT EXISTS ix_chemical_masters_ctd_id ON chemical_masters (ctd_id);
CREATE INDEX IF NOT EXISTS ix_chemical_masters_cas_number ON chemical_masters (cas_number);
CREATE INDEX IF NOT EXISTS ix_chemical_masters_pubchem_cid ON chemical_masters (pubchem_cid);
CREATE INDEX IF NOT EXISTS ix_chemical_masters_chebi_id ON chemical_masters (chebi_id);
CREATE INDEX IF NOT EXISTS ix_chemical_masters_inchi_key ON chemical_masters (inchi_key);

CREATE TABLE IF NOT EXISTS chemical_group_memberships (
  chemical_id INTEGER NOT NULL,
  group_id INTEGER NOT NULL,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (chemical_id, group_id),
  FOREIGN KEY (chemical_id) REFERENCES chemical_masters (id) ON DELETE CASCADE,
  FOREIGN KEY (group_id) REFERENCES chemical_groups (id) ON DELETE CASCADE,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);

CREATE TABLE IF NOT EXISTS disease_groups (
  id INTEGER NOT NULL,
  name VARCHAR(100) NOT NULL,
  description VARCHAR(255),
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  UNIQUE (name),
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);

CREATE TABLE IF NOT EXISTS disease_masters (
  id INTEGER NOT NULL,
  entity_id BIGINT NOT NULL,
  disease_id VARCHAR(50) NOT NULL,
  label VARCHAR(255),
  description TEXT,
  icd10 VARCHAR(20),
  mondo_id VARCHAR(20),
  omim_id VARCHAR(20),
  mesh_id VARCHAR(20),
  orphanet_id VARCHAR(20),
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  FOREIGN KEY (entity_id) REFERENCES entities (id) ON DELETE CASCADE,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS ix_disease_masters_entity_id ON disease_masters (entity_id);
CREATE UNIQUE INDEX IF NOT EXISTS ix_disease_masters_disease_id ON disease_masters (disease_id);
CREATE INDEX IF NOT EXISTS ix_disease_masters_icd10 ON disease_masters (icd10);
CREATE INDEX IF NOT EXISTS ix_disease_masters_mondo_id ON disease_masters (mondo_id);
CREATE INDEX IF NOT EXISTS ix_disease_masters_omim_id ON disease_masters (omim_id);
CREATE INDEX IF NOT EXISTS ix_disease_masters_mesh_id ON disease_masters (mesh_id);

CREATE TABLE IF NOT EXISTS disease_group_memberships (
  id INTEGER NOT NULL,
  disease_id INTEGER NOT NULL,
  group_id INTEGER NOT NULL,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  CONSTRAINT uq_disease_group_membership UNIQUE (disease_id, group_id),
  FOREIGN KEY (disease_id) REFERENCES disease_masters (id) ON DELETE CASCADE,
  FOREIGN KEY (group_id) REFERENCES disease_groups (id) ON DELETE CASCADE,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);
CREATE INDEX IF NOT EXISTS ix_disease_group_memberships_disease_id ON disease_group_memberships (disease_id);
CREATE INDEX IF NOT EXISTS ix_disease_group_memberships_group_id ON disease_group_memberships (group_id);

CREATE TABLE IF NOT EXISTS entity_aliases (
  id INTEGER NOT NULL,
  entity_id BIGINT NOT NULL,
  type_id INTEGER,
  alias_value VARCHAR(1000) NOT NULL,
  alias_type VARCHAR(16) NOT NULL,
  xref_source VARCHAR(32),
  is_primary BOOLEAN,
  is_active BOOLEAN,
  alias_norm VARCHAR(1000),
  embedding VECTOR(768),
  locale VARCHAR(8),
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  CONSTRAINT uq_entity_aliases_semantic UNIQUE (entity_id, alias_type, xref_source, alias_value),
  FOREIGN KEY (entity_id) REFERENCES entities (id) ON DELETE CASCADE,
  FOREIGN KEY (type_id) REFERENCES entity_types (id) ON DELETE SET NULL,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE CASCADE,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS ix_entity_aliases_entity_id ON entity_aliases (entity_id);
CREATE INDEX IF NOT EXISTS ix_entity_aliases_alias_norm ON entity_aliases (alias_norm);

CREATE TABLE IF NOT EXISTS entity_locations (
  id INTEGER NOT NULL,
  entity_id BIGINT NOT NULL,
  entity_type_id INTEGER,
  assembly_id INTEGER NOT NULL,
  chromosome INTEGER NOT NULL,
  start_pos BIGINT NOT NULL,
  end_pos BIGINT NOT NULL,
  strand VARCHAR(1),
  region_label VARCHAR(50),
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  CONSTRAINT uq_entity_location_assembly UNIQUE (entity_id, assembly_id),
  CONSTRAINT strand_enum CHECK (strand IN ('+', '-')),
  FOREIGN KEY (entity_id) REFERENCES entities (id) ON DELETE CASCADE,
  FOREIGN KEY (entity_type_id) REFERENCES entity_types (id) ON DELETE SET NULL,
  FOREIGN KEY (assembly_id) REFERENCES genome_assemblies (id) ON DELETE CASCADE,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);
CREATE INDEX IF NOT EXISTS ix_entity_locations_entity_id ON entity_locations (entity_id);
CREATE INDEX IF NOT EXISTS ix_entity_locations_entity_type_id ON entity_locations (entity_type_id);
CREATE INDEX IF NOT EXISTS ix_entity_locations_assembly_id ON entity_locations (assembly_id);
CREATE INDEX IF NOT EXISTS ix_entity_locations_chromosome ON entity_locations (chromosome);

CREATE TABLE IF NOT EXISTS entity_matches (
  id INTEGER NOT NULL,
  etl_package_id INTEGER NOT NULL,
  source_record_id VARCHAR(255),
  source_field VARCHAR(100),
  text_hash VARCHAR(16),
  matched_text VARCHAR(500) NOT NULL,
  span_start INTEGER,
  span_end INTEGER,
  context VARCHAR(1000),
  alias_id BIGINT,
  entity_id BIGINT NOT NULL,
  match_method VARCHAR(12) NOT NULL,
  confidence FLOAT NOT NULL,
  review_status VARCHAR(9) NOT NULL,
  created_at DATETIME DEFAULT (CURRENT_TIMESTAMP) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT match_method_enum CHECK (match_method IN ('exact_aho', 'code_pattern', 'tsvector', 'fuzzy', 'embedding', 'manual')),
  CONSTRAINT match_review_status_enum CHECK (review_status IN ('auto', 'confirmed', 'rejected', 'pending')),
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE CASCADE,
  FOREIGN KEY (alias_id) REFERENCES entity_aliases (id) ON DELETE SET NULL,
  FOREIGN KEY (entity_id) REFERENCES entities (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS ix_entity_matches_etl_package_id ON entity_matches (etl_package_id);
CREATE INDEX IF NOT EXISTS ix_entity_matches_source_record_id ON entity_matches (source_record_id);
CREATE INDEX IF NOT EXISTS ix_entity_matches_alias_id ON entity_matches (alias_id);
CREATE INDEX IF NOT EXISTS ix_entity_matches_entity_id ON entity_matches (entity_id);
CREATE INDEX IF NOT EXISTS ix_em_entity_method ON entity_matches (entity_id, match_method);
CREATE INDEX IF NOT EXISTS ix_em_package_record ON entity_matches (etl_package_id, source_record_id);
CREATE INDEX IF NOT EXISTS ix_em_review_status ON entity_matches (review_status);

CREATE TABLE IF NOT EXISTS entity_relationships (
  id INTEGER NOT NULL,
  entity_1_id BIGINT NOT NULL,
  entity_1_type_id INTEGER,
  entity_2_id BIGINT NOT NULL,
  entity_2_type_id INTEGER,
  relationship_type_id INTEGER NOT NULL,
  discovery_method VARCHAR(10) NOT NULL,
  confidence_score FLOAT,
  evidence_count INTEGER,
  source_ref VARCHAR(512),
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  CONSTRAINT uq_entity_relationships_pair_source UNIQUE (entity_1_id, entity_2_id, relationship_type_id, data_source_id),
  CONSTRAINT discovery_method_enum CHECK (discovery_method IN ('structured', 'regex', 'nlp', 'pubmed', 'manual')),
  FOREIGN KEY (entity_1_id) REFERENCES entities (id) ON DELETE CASCADE,
  FOREIGN KEY (entity_1_type_id) REFERENCES entity_types (id) ON DELETE CASCADE,
  FOREIGN KEY (entity_2_id) REFERENCES entities (id) ON DELETE CASCADE,
  FOREIGN KEY (entity_2_type_id) REFERENCES entity_types (id) ON DELETE CASCADE,
  FOREIGN KEY (relationship_type_id) REFERENCES entity_relationship_types (id) ON DELETE CASCADE,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE CASCADE,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS ix_entity_relationships_entity_1_id ON entity_relationships (entity_1_id);
CREATE INDEX IF NOT EXISTS ix_entity_relationships_entity_1_type_id ON entity_relationships (entity_1_type_id);
CREATE INDEX IF NOT EXISTS ix_entity_relationships_entity_2_id ON entity_relationships (entity_2_id);
CREATE INDEX IF NOT EXISTS ix_entity_relationships_entity_2_type_id ON entity_relationships (entity_2_type_id);
CREATE INDEX IF NOT EXISTS ix_er_data_source_id ON entity_relationships (data_source_id);
CREATE INDEX IF NOT EXISTS ix_er_discovery_method ON entity_relationships (discovery_method);
CREATE INDEX IF NOT EXISTS ix_er_entity1_id ON entity_relationships (entity_1_id);
CREATE INDEX IF NOT EXISTS ix_er_entity2_id ON entity_relationships (entity_2_id);
CREATE INDEX IF NOT EXISTS ix_er_type_pair ON entity_relationships (entity_1_type_id, entity_2_type_id);

CREATE TABLE IF NOT EXISTS gene_groups (
  id INTEGER NOT NULL,
  name VARCHAR(255) NOT NULL,
  description VARCHAR(512),
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  UNIQUE (name),
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);

CREATE TABLE IF NOT EXISTS gene_locus_groups (
  id INTEGER NOT NULL,
  name VARCHAR(50) NOT NULL,
  description VARCHAR(100),
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  UNIQUE (name),
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);

CREATE TABLE IF NOT EXISTS gene_locus_types (
  id INTEGER NOT NULL,
  name VARCHAR(50) NOT NULL,
  description VARCHAR(100),
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  UNIQUE (name),
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);

CREATE TABLE IF NOT EXISTS gene_masters (
  id INTEGER NOT NULL,
  entity_id INTEGER NOT NULL,
  symbol VARCHAR(64),
  hgnc_status VARCHAR(50),
  chromosome INTEGER,
  locus_group_id INTEGER,
  locus_type_id INTEGER,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  FOREIGN KEY (entity_id) REFERENCES entities (id) ON DELETE CASCADE,
  FOREIGN KEY (locus_group_id) REFERENCES gene_locus_groups (id) ON DELETE SET NULL,
  FOREIGN KEY (locus_type_id) REFERENCES gene_locus_types (id) ON DELETE SET NULL,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS ix_gene_masters_entity_id ON gene_masters (entity_id);
CREATE INDEX IF NOT EXISTS ix_gene_masters_symbol ON gene_masters (symbol);
CREATE INDEX IF NOT EXISTS ix_gene_masters_chromosome ON gene_masters (chromosome);

CREATE TABLE IF NOT EXISTS gene_group_memberships (
  gene_id INTEGER NOT NULL,
  group_id INTEGER NOT NULL,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (gene_id, group_id),
  FOREIGN KEY (gene_id) REFERENCES gene_masters (id) ON DELETE CASCADE,
  FOREIGN KEY (group_id) REFERENCES gene_groups (id) ON DELETE CASCADE,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);

CREATE TABLE IF NOT EXISTS go_masters (
  id INTEGER NOT NULL,
  entity_id BIGINT NOT NULL,
  go_id VARCHAR(15) NOT NULL,
  name VARCHAR(255) NOT NULL,
  namespace VARCHAR(2) NOT NULL,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  CONSTRAINT go_namespace_enum CHECK (namespace IN ('MF', 'BP', 'CC')),
  FOREIGN KEY (entity_id) REFERENCES entities (id) ON DELETE CASCADE,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS ix_go_masters_entity_id ON go_masters (entity_id);
CREATE UNIQUE INDEX IF NOT EXISTS ix_go_masters_go_id ON go_masters (go_id);

CREATE TABLE IF NOT EXISTS go_relations (
  id INTEGER NOT NULL,
  parent_id INTEGER NOT NULL,
  child_id INTEGER NOT NULL,
  relation_type VARCHAR(50) NOT NULL,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  CONSTRAINT uq_go_relation UNIQUE (parent_id, child_id, relation_type),
  FOREIGN KEY (parent_id) REFERENCES go_masters (id) ON DELETE CASCADE,
  FOREIGN KEY (child_id) REFERENCES go_masters (id) ON DELETE CASCADE,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);
CREATE INDEX IF NOT EXISTS ix_go_relations_parent_id ON go_relations (parent_id);
CREATE INDEX IF NOT EXISTS ix_go_relations_child_id ON go_relations (child_id);

CREATE TABLE IF NOT EXISTS pathway_masters (
  id INTEGER NOT NULL,
  entity_id BIGINT NOT NULL,
  pathway_id VARCHAR(100) NOT NULL,
  description VARCHAR(512),
  source_db VARCHAR(50),
  organism VARCHAR(100),
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  FOREIGN KEY (entity_id) REFERENCES entities (id) ON DELETE CASCADE,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS ix_pathway_masters_entity_id ON pathway_masters (entity_id);
CREATE UNIQUE INDEX IF NOT EXISTS ix_pathway_masters_pathway_id ON pathway_masters (pathway_id);

CREATE TABLE IF NOT EXISTS phenotype_masters (
  id INTEGER NOT NULL,
  entity_id BIGINT NOT NULL,
  hp_id VARCHAR(15) NOT NULL,
  name VARCHAR(255) NOT NULL,
  definition TEXT,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  FOREIGN KEY (entity_id) REFERENCES entities (id) ON DELETE CASCADE,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS ix_phenotype_masters_entity_id ON phenotype_masters (entity_id);
CREATE UNIQUE INDEX IF NOT EXISTS ix_phenotype_masters_hp_id ON phenotype_masters (hp_id);

CREATE TABLE IF NOT EXISTS phenotype_relations (
  id INTEGER NOT NULL,
  parent_id INTEGER NOT NULL,
  child_id INTEGER NOT NULL,
  relation_type VARCHAR(50) NOT NULL,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  CONSTRAINT uq_phenotype_relation UNIQUE (parent_id, child_id, relation_type),
  FOREIGN KEY (parent_id) REFERENCES phenotype_masters (id) ON DELETE CASCADE,
  FOREIGN KEY (child_id) REFERENCES phenotype_masters (id) ON DELETE CASCADE,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);
CREATE INDEX IF NOT EXISTS ix_phenotype_relations_parent_id ON phenotype_relations (parent_id);
CREATE INDEX IF NOT EXISTS ix_phenotype_relations_child_id ON phenotype_relations (child_id);

CREATE TABLE IF NOT EXISTS protein_masters (
  id INTEGER NOT NULL,
  protein_id VARCHAR(20) NOT NULL,
  function VARCHAR(512),
  location VARCHAR(255),
  tissue_expression VARCHAR(255),
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS ix_protein_masters_protein_id ON protein_masters (protein_id);

CREATE TABLE IF NOT EXISTS protein_entities (
  id INTEGER NOT NULL,
  entity_id BIGINT NOT NULL,
  protein_id INTEGER NOT NULL,
  is_isoform BOOLEAN NOT NULL,
  isoform_accession VARCHAR(20),
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  CONSTRAINT uq_protein_entity_link UNIQUE (entity_id, protein_id),
  FOREIGN KEY (entity_id) REFERENCES entities (id) ON DELETE CASCADE,
  FOREIGN KEY (protein_id) REFERENCES protein_masters (id) ON DELETE CASCADE,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);
CREATE INDEX IF NOT EXISTS ix_protein_entities_entity_id ON protein_entities (entity_id);
CREATE INDEX IF NOT EXISTS ix_protein_entities_protein_id ON protein_entities (protein_id);

CREATE TABLE IF NOT EXISTS protein_pfams (
  id INTEGER NOT NULL,
  pfam_acc VARCHAR(50) NOT NULL,
  pfam_id VARCHAR(50),
  description VARCHAR(255),
  long_description VARCHAR(255),
  type VARCHAR(50),
  clan_acc VARCHAR(50),
  clan_name VARCHAR(50),
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (id),
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS ix_protein_pfams_pfam_acc ON protein_pfams (pfam_acc);
CREATE INDEX IF NOT EXISTS ix_protein_pfams_pfam_id ON protein_pfams (pfam_id);

CREATE TABLE IF NOT EXISTS protein_pfam_links (
  protein_id INTEGER NOT NULL,
  pfam_pk_id INTEGER NOT NULL,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (protein_id, pfam_pk_id),
  FOREIGN KEY (protein_id) REFERENCES protein_masters (id) ON DELETE CASCADE,
  FOREIGN KEY (pfam_pk_id) REFERENCES protein_pfams (id) ON DELETE CASCADE,
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);

CREATE TABLE IF NOT EXISTS variant_biotypes (
  id INTEGER NOT NULL,
  name VARCHAR(64) NOT NULL,
  description TEXT,
  PRIMARY KEY (id),
  UNIQUE (name)
);

CREATE TABLE IF NOT EXISTS variant_consequence_categories (
  id INTEGER NOT NULL,
  name VARCHAR(64) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (name)
);

CREATE TABLE IF NOT EXISTS variant_consequence_groups (
  id INTEGER NOT NULL,
  name VARCHAR(64) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (name)
);

CREATE TABLE IF NOT EXISTS variant_consequences (
  id INTEGER NOT NULL,
  name VARCHAR(64) NOT NULL,
  severity_rank INTEGER NOT NULL,
  description TEXT,
  is_active BOOLEAN NOT NULL,
  consequence_group_id INTEGER,
  consequence_category_id INTEGER,
  PRIMARY KEY (id),
  UNIQUE (name),
  FOREIGN KEY (consequence_group_id) REFERENCES variant_consequence_groups (id) ON DELETE SET NULL,
  FOREIGN KEY (consequence_category_id) REFERENCES variant_consequence_categories (id) ON DELETE SET NULL
);

CREATE TABLE IF NOT EXISTS variant_impacts (
  id INTEGER NOT NULL,
  name VARCHAR(128) NOT NULL,
  severity_rank INTEGER NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (name)
);

CREATE TABLE IF NOT EXISTS variant_snp_merges (
  rs_obsolete_id BIGINT NOT NULL,
  rs_canonical_id BIGINT NOT NULL,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  PRIMARY KEY (rs_obsolete_id),
  FOREIGN KEY (data_source_id) REFERENCES etl_data_sources (id) ON DELETE SET NULL,
  FOREIGN KEY (etl_package_id) REFERENCES etl_packages (id) ON DELETE SET NULL
);
CREATE INDEX IF NOT EXISTS ix_variant_snp_merges_rs_canonical_id ON variant_snp_merges (rs_canonical_id);

CREATE TABLE IF NOT EXISTS variant_masters (
  variant_id INTEGER NOT NULL,
  chromosome INTEGER NOT NULL,
  entity_id BIGINT,
  assembly_id INTEGER,
  position_start BIGINT NOT NULL,
  position_end BIGINT NOT NULL,
  reference_allele VARCHAR(64) NOT NULL,
  alternate_allele VARCHAR(256) NOT NULL,
  rsid VARCHAR(32),
  variant_type VARCHAR(20),
  allele_type VARCHAR(20),
  ac BIGINT,
  an BIGINT,
  af FLOAT,
  grpmax VARCHAR(32),
  grpmax_af FLOAT,
  cadd_raw_score FLOAT,
  cadd_phred FLOAT,
  revel_max FLOAT,
  spliceai_ds_max FLOAT,
  pangolin_largest_ds FLOAT,
  sift_max FLOAT,
  polyphen_max FLOAT,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  CONSTRAINT pk_variant_masters PRIMARY KEY (variant_id),
  CONSTRAINT uq_variant_masters_natkey UNIQUE (chromosome, position_start, position_end, reference_allele, alternate_allele),
  CONSTRAINT ck_variant_masters_ac_an CHECK ((ac IS NULL AND an IS NULL) OR (ac IS NOT NULL AND an IS NOT NULL AND ac >= 0 AND an >= 0 AND ac <= an)),
  CONSTRAINT ck_variant_masters_af CHECK (af IS NULL OR (af >= 0.0 AND af <= 1.0)),
  CONSTRAINT ck_variant_masters_pos CHECK (position_end >= position_start)
);

CREATE TABLE IF NOT EXISTS variant_molecular_effects (
  chromosome INTEGER NOT NULL,
  variant_id INTEGER NOT NULL,
  variant_key VARCHAR(256) NOT NULL,
  gene_id VARCHAR(32),
  gene_symbol VARCHAR(64),
  transcript_id VARCHAR(32) NOT NULL,
  feature_type VARCHAR(32),
  consequence_raw VARCHAR(255),
  consequence_id INTEGER NOT NULL,
  impact_id INTEGER,
  biotype_id INTEGER,
  consequence_group_id INTEGER,
  consequence_category_id INTEGER,
  consequence_rank INTEGER,
  impact_rank INTEGER,
  is_most_severe_for_annotation BOOLEAN,
  is_most_severe_for_variant BOOLEAN,
  most_severe_consequence_per_annotation_id INTEGER,
  most_severe_consequence_per_variant_id INTEGER,
  canonical BOOLEAN,
  mane_select BOOLEAN,
  mane_plus_clinical BOOLEAN,
  hgvsc VARCHAR(128),
  hgvsp VARCHAR(128),
  cdna_position VARCHAR(32),
  cds_position VARCHAR(32),
  protein_position VARCHAR(32),
  amino_acids VARCHAR(32),
  codons VARCHAR(64),
  ensp VARCHAR(32),
  lof_flag BOOLEAN,
  lof_confidence VARCHAR(8),
  lof_filter VARCHAR(128),
  lof_flags VARCHAR(256),
  lof_info TEXT,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  CONSTRAINT pk_variant_molecular_effects PRIMARY KEY (chromosome, variant_id, transcript_id, consequence_id),
  CONSTRAINT ck_vme_lof_conf CHECK (lof_confidence IS NULL OR lof_confidence IN ('HC', 'LC', 'Filtered', 'NA'))
);

CREATE TABLE IF NOT EXISTS variant_effect_predictions (
  chromosome INTEGER NOT NULL,
  variant_id INTEGER NOT NULL,
  predictor_key VARCHAR(128) NOT NULL,
  transcript_id VARCHAR(32),
  predictor_name VARCHAR(64) NOT NULL,
  predictor_version VARCHAR(32),
  score FLOAT,
  classification VARCHAR(64),
  details TEXT,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  CONSTRAINT pk_variant_effect_predictions PRIMARY KEY (chromosome, variant_id, predictor_key)
);

CREATE TABLE IF NOT EXISTS variant_regulatory_elements (
  chromosome INTEGER NOT NULL,
  variant_id INTEGER NOT NULL,
  reg_element_key VARCHAR(192) NOT NULL,
  regulatory_element_id VARCHAR(64) NOT NULL,
  element_type VARCHAR(32),
  bio_context VARCHAR(128),
  score FLOAT,
  details TEXT,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  CONSTRAINT pk_variant_regulatory_elements PRIMARY KEY (chromosome, variant_id, reg_element_key)
);

CREATE TABLE IF NOT EXISTS variant_gene_regulatory_evidence (
  chromosome INTEGER NOT NULL,
  variant_id INTEGER NOT NULL,
  evidence_key VARCHAR(256) NOT NULL,
  gene_id VARCHAR(32) NOT NULL,
  bio_context VARCHAR(128),
  qtl_type VARCHAR(16) NOT NULL,
  beta FLOAT,
  se FLOAT,
  p_value FLOAT,
  n INTEGER,
  effect_allele VARCHAR(64),
  details TEXT,
  data_source_id INTEGER,
  etl_package_id INTEGER,
  CONSTRAINT pk_variant_gene_regulatory_evidence PRIMARY KEY (chromosome, variant_id, evidence_key),
  CONSTRAINT ck_vgre_p CHECK (p_value IS NULL OR (p_value >= 0.0 AND p_value <= 1.0))
);
