# Neither password stands in the state: they are made when their version is raised, and written only.
ephemeral "random_password" "owner" {
  length  = 40
  special = false
}

ephemeral "random_password" "application" {
  length  = 40
  special = false
}

locals {
  database_name    = "console"
  owner_role       = "console_owner"
  application_role = "console"
}

resource "aws_db_subnet_group" "database" {
  name       = var.name
  subnet_ids = var.private_subnet_ids
}

resource "aws_db_parameter_group" "database" {
  name_prefix = "${var.name}-"
  family      = "postgres17"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  # The replica serves exports and charts, which may take minutes.
  parameter {
    name  = "max_standby_streaming_delay"
    value = "300000"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "primary" {
  identifier                          = var.name
  engine                              = "postgres"
  engine_version                      = "17"
  instance_class                      = var.database.class
  allocated_storage                   = var.database.gigabytes
  max_allocated_storage               = var.database.most_gigabytes
  storage_type                        = "gp3"
  storage_encrypted                   = true
  kms_key_id                          = aws_kms_key.rest.arn
  db_name                             = local.database_name
  username                            = local.owner_role
  password_wo                         = ephemeral.random_password.owner.result
  password_wo_version                 = var.owner_password_version
  db_subnet_group_name                = aws_db_subnet_group.database.name
  parameter_group_name                = aws_db_parameter_group.database.name
  vpc_security_group_ids              = [aws_security_group.stores.id]
  multi_az                            = true
  publicly_accessible                 = false
  auto_minor_version_upgrade          = true
  backup_retention_period             = var.database.days # to any second of these days
  copy_tags_to_snapshot               = true
  deletion_protection                 = true
  skip_final_snapshot                 = false
  final_snapshot_identifier           = "${var.name}-final"
  performance_insights_enabled        = true
  performance_insights_kms_key_id     = aws_kms_key.rest.arn
  enabled_cloudwatch_logs_exports     = ["postgresql", "upgrade"]
  monitoring_interval                 = 60
  monitoring_role_arn                 = aws_iam_role.monitoring.arn
}

resource "aws_db_instance" "replica" {
  count = var.database.replica ? 1 : 0

  identifier                      = "${var.name}-replica"
  replicate_source_db             = aws_db_instance.primary.identifier
  instance_class                  = var.database.class
  max_allocated_storage           = var.database.most_gigabytes
  storage_type                    = "gp3"
  storage_encrypted               = true
  parameter_group_name            = aws_db_parameter_group.database.name
  vpc_security_group_ids          = [aws_security_group.stores.id]
  publicly_accessible             = false
  auto_minor_version_upgrade      = true
  copy_tags_to_snapshot           = true
  deletion_protection             = true
  skip_final_snapshot             = true
  performance_insights_enabled    = true
  performance_insights_kms_key_id = aws_kms_key.rest.arn
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.monitoring.arn
}
