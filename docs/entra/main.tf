# Registers openndes in Entra ID with Terraform. See docs/app-registration.md.
terraform {
  required_providers {
    azuread = {
      source  = "hashicorp/azuread"
      version = ">= 3.0"
    }
  }
}

variable "federated" {
  description = "A workload identity: issuer and subject of its tokens, letter by letter."
  type        = object({ issuer = string, subject = string })
  default     = null
}

variable "certificate" {
  description = "The path of a certificate, PEM. Its key stays on your server."
  type        = string
  default     = null
}

variable "secret_until" {
  description = "The end of a client secret, such as 2027-06-30T00:00:00Z. The secret is then in the state of Terraform."
  type        = string
  default     = null
}

variable "directory" {
  description = "Whether openndes may list devices and users."
  type        = bool
  default     = false
}

locals {
  intune = "c161e42e-d4df-4a3d-9b42-e7a3c31f59d4"
  graph  = "00000003-0000-0000-c000-000000000000"

  intune_roles = {
    scep_challenge_provider = "39d724e8-6a34-4930-9a36-364082c35716"
  }
  directory_roles = {
    "DeviceManagementManagedDevices.Read.All" = "2f51be20-0bb4-4fed-bf7b-db946066c75e"
    "User.Read.All"                           = "df021288-bdef-4463-88db-98f22de89214"
    "Device.Read.All"                         = "7438b122-aefc-4978-80ed-43db9fcc7715"
  }
  graph_roles = merge(
    { "Application.Read.All" = "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30" },
    { for name, id in local.directory_roles : name => id if var.directory },
  )
}

data "azuread_service_principal" "intune" {
  client_id = local.intune
}

data "azuread_service_principal" "graph" {
  client_id = local.graph
}

resource "azuread_application" "openndes" {
  display_name     = "openndes"
  sign_in_audience = "AzureADMyOrg"

  required_resource_access {
    resource_app_id = local.intune
    dynamic "resource_access" {
      for_each = local.intune_roles
      content {
        id   = resource_access.value
        type = "Role"
      }
    }
  }

  required_resource_access {
    resource_app_id = local.graph
    dynamic "resource_access" {
      for_each = local.graph_roles
      content {
        id   = resource_access.value
        type = "Role"
      }
    }
  }
}

resource "azuread_service_principal" "openndes" {
  client_id = azuread_application.openndes.client_id
}

# The consent of the administrator.
resource "azuread_app_role_assignment" "intune" {
  for_each            = local.intune_roles
  app_role_id         = each.value
  principal_object_id = azuread_service_principal.openndes.object_id
  resource_object_id  = data.azuread_service_principal.intune.object_id
}

resource "azuread_app_role_assignment" "graph" {
  for_each            = local.graph_roles
  app_role_id         = each.value
  principal_object_id = azuread_service_principal.openndes.object_id
  resource_object_id  = data.azuread_service_principal.graph.object_id
}

resource "azuread_application_federated_identity_credential" "openndes" {
  count          = var.federated == null ? 0 : 1
  application_id = azuread_application.openndes.id
  display_name   = "openndes"
  audiences      = ["api://AzureADTokenExchange"]
  issuer         = var.federated.issuer
  subject        = var.federated.subject
}

resource "azuread_application_certificate" "openndes" {
  count          = var.certificate == null ? 0 : 1
  application_id = azuread_application.openndes.id
  type           = "AsymmetricX509Cert"
  encoding       = "pem"
  value          = file(var.certificate)
}

resource "azuread_application_password" "openndes" {
  count          = var.secret_until == null ? 0 : 1
  application_id = azuread_application.openndes.id
  display_name   = "openndes"
  end_date       = var.secret_until
}

output "client_id" {
  value = azuread_application.openndes.client_id
}

output "client_secret" {
  value     = one(azuread_application_password.openndes[*].value)
  sensitive = true
}
