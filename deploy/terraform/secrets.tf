# The addresses of the stores, with their passwords: what web servers get, and what only the owner's tasks get.
locals {
  postgres = aws_db_instance.primary.endpoint
  replica  = var.database.replica ? aws_db_instance.replica[0].endpoint : ""
  redis    = aws_elasticache_replication_group.redis.primary_endpoint_address
}

resource "aws_secretsmanager_secret" "application" {
  name_prefix = "${var.name}-application-"
  description = "DATABASE_URL, DATABASE_READ_URL, REDIS_URL"
  kms_key_id  = aws_kms_key.rest.arn
}

resource "aws_secretsmanager_secret_version" "application" {
  secret_id = aws_secretsmanager_secret.application.id
  secret_string_wo = jsonencode({
    DATABASE_URL      = "postgresql://${local.application_role}:${ephemeral.random_password.application.result}@${local.postgres}/${local.database_name}?ssl=require"
    DATABASE_READ_URL = local.replica == "" ? "" : "postgresql://${local.application_role}:${ephemeral.random_password.application.result}@${local.replica}/${local.database_name}?ssl=require"
    REDIS_URL         = "rediss://:${var.redis_auth_token}@${local.redis}:6379/0"
  })
  secret_string_wo_version = 1 # the role keeps the password that it was made with
}

resource "aws_secretsmanager_secret" "owner" {
  name_prefix = "${var.name}-owner-"
  description = "DATABASE_OWNER_URL"
  kms_key_id  = aws_kms_key.rest.arn
}

resource "aws_secretsmanager_secret_version" "owner" {
  secret_id = aws_secretsmanager_secret.owner.id
  secret_string_wo = jsonencode({
    DATABASE_OWNER_URL = "postgresql://${local.owner_role}:${ephemeral.random_password.owner.result}@${local.postgres}/${local.database_name}?ssl=require"
  })
  secret_string_wo_version = var.owner_password_version
}
