#!/usr/bin/env bash
# Registers openndes in Entra ID with the Azure CLI. See docs/app-registration.md.
#
#   register.sh federated ISSUER SUBJECT    no secret: a token of Kubernetes, GitHub or SPIFFE
#   register.sh certificate FILE.pem        a certificate whose key stays on your server
#   register.sh secret                      the client secret is the last line of the output
#
# DIRECTORY=yes also asks for the permissions to list devices and users.
# Needs `az login` as an administrator who may consent for the tenant.
set -euo pipefail

usage() {
  sed -n 's/^#   //p' "$0" >&2
  exit 64
}

case "${1:-}:$#" in
  federated:3 | certificate:2 | secret:1) ;;
  *) usage ;;
esac

readonly INTUNE=c161e42e-d4df-4a3d-9b42-e7a3c31f59d4
readonly GRAPH=00000003-0000-0000-c000-000000000000
readonly SCEP_CHALLENGE_PROVIDER=39d724e8-6a34-4930-9a36-364082c35716
readonly APPLICATION_READ_ALL=9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30
# DeviceManagementManagedDevices.Read.All, User.Read.All, Device.Read.All
readonly -a DIRECTORY_ROLES=(
  2f51be20-0bb4-4fed-bf7b-db946066c75e
  df021288-bdef-4463-88db-98f22de89214
  7438b122-aefc-4978-80ed-43db9fcc7715
)

app=$(az ad app create --display-name openndes --sign-in-audience AzureADMyOrg --query appId --output tsv)
az ad sp create --id "$app" --output none

grant() {
  az ad app permission add --id "$app" --api "$1" --api-permissions "$2=Role" --output none
}
grant "$INTUNE" "$SCEP_CHALLENGE_PROVIDER"
grant "$GRAPH" "$APPLICATION_READ_ALL"
if [ "${DIRECTORY:-no}" = yes ]; then
  for role in "${DIRECTORY_ROLES[@]}"; do grant "$GRAPH" "$role"; done
fi
az ad app permission admin-consent --id "$app"

printf 'tenant:   %s\n' "$(az account show --query tenantId --output tsv)"
printf 'clientId: %s\n' "$app"

case "$1" in
  federated)
    az ad app federated-credential create --id "$app" --output none --parameters "$(
      printf '{"name":"openndes","issuer":"%s","subject":"%s","audiences":["api://AzureADTokenExchange"]}' "$2" "$3"
    )"
    ;;
  certificate)
    az ad app credential reset --id "$app" --append --cert "@$2" --output none
    ;;
  secret)
    az ad app credential reset --id "$app" --append --years 1 --query password --output tsv
    ;;
esac
