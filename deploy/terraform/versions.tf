# The console on Amazon ECS (Fargate) in a VPC that is there: RDS for PostgreSQL with a replica, ElastiCache for Valkey,
# backups in S3, one load balancer with TLS. docs/operate.md says how it is used.
terraform {
  required_version = ">= 1.11" # write-only arguments: passwords that stand in no state

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.7"
    }
  }
}

data "aws_region" "current" {}

data "aws_vpc" "chosen" {
  id = var.vpc_id
}

data "aws_subnet" "public" {
  for_each = toset(var.public_subnet_ids)

  id = each.value
}
