resource "aws_security_group" "balancer" {
  name_prefix = "${var.name}-balancer-"
  description = "The load balancer: from outside, to web servers."
  vpc_id      = data.aws_vpc.chosen.id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  for_each = toset(var.client_cidrs)

  security_group_id = aws_security_group.balancer.id
  description       = "HTTPS"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "balancer_to_web" {
  security_group_id            = aws_security_group.balancer.id
  description                  = "Web servers"
  referenced_security_group_id = aws_security_group.web.id
  ip_protocol                  = "tcp"
  from_port                    = 8000
  to_port                      = 8000
}

resource "aws_security_group" "web" {
  name_prefix = "${var.name}-web-"
  description = "Web servers: from the load balancer alone."
  vpc_id      = data.aws_vpc.chosen.id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "web" {
  security_group_id            = aws_security_group.web.id
  description                  = "The load balancer"
  referenced_security_group_id = aws_security_group.balancer.id
  ip_protocol                  = "tcp"
  from_port                    = 8000
  to_port                      = 8000
}

# Web servers, workers and the commands that run once: to the database, to Valkey, to the internet.
resource "aws_security_group" "tasks" {
  name_prefix = "${var.name}-tasks-"
  description = "All tasks of the console: what they may reach."
  vpc_id      = data.aws_vpc.chosen.id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "tasks" {
  for_each = { https = 443, postgresql = 5432, redis = 6379, smtps = 465, submission = 587 }

  security_group_id = aws_security_group.tasks.id
  description       = each.key
  cidr_ipv4         = contains(["postgresql", "redis"], each.key) ? data.aws_vpc.chosen.cidr_block : "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

resource "aws_security_group" "stores" {
  name_prefix = "${var.name}-stores-"
  description = "PostgreSQL and Valkey: from the console's tasks alone."
  vpc_id      = data.aws_vpc.chosen.id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "stores" {
  for_each = { postgresql = 5432, redis = 6379 }

  security_group_id            = aws_security_group.stores.id
  description                  = each.key
  referenced_security_group_id = aws_security_group.tasks.id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}
