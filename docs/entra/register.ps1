<#
.SYNOPSIS
Registers openndes in Entra ID with the PowerShell modules of Microsoft Graph. See docs/app-registration.md.

.EXAMPLE
./register.ps1 -TenantId contoso.onmicrosoft.com -Issuer https://oidc.example.com/id -Subject system:serviceaccount:pki:openndes

.EXAMPLE
./register.ps1 -TenantId contoso.onmicrosoft.com -CertificateFile ./app.cer

.EXAMPLE
./register.ps1 -TenantId contoso.onmicrosoft.com -ManagedIdentity 00000000-0000-0000-0000-000000000000

.EXAMPLE
./register.ps1 -TenantId contoso.onmicrosoft.com -Secret
#>
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications
[CmdletBinding(DefaultParameterSetName = 'Federated')]
param(
    [Parameter(Mandatory)] [string] $TenantId,

    # A workload identity: issuer and subject of its tokens, letter by letter.
    [Parameter(Mandatory, ParameterSetName = 'Federated')] [string] $Issuer,
    [Parameter(Mandatory, ParameterSetName = 'Federated')] [string] $Subject,

    # The object id of a managed identity. It gets the permissions itself, and no app is registered.
    [Parameter(Mandatory, ParameterSetName = 'ManagedIdentity')] [guid] $ManagedIdentity,

    # A certificate, DER or PEM, without its key.
    [Parameter(Mandatory, ParameterSetName = 'Certificate')] [string] $CertificateFile,

    # A client secret for one year. It is shown once.
    [Parameter(Mandatory, ParameterSetName = 'Secret')] [switch] $Secret,

    # Also the permissions to list devices and users.
    [switch] $Directory
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$intune = 'c161e42e-d4df-4a3d-9b42-e7a3c31f59d4'
$graph = '00000003-0000-0000-c000-000000000000'

$roles = @(
    @{ Api = $intune; Id = '39d724e8-6a34-4930-9a36-364082c35716' } # scep_challenge_provider
    @{ Api = $graph; Id = '9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30' } # Application.Read.All
)
if ($Directory) {
    $roles += @(
        @{ Api = $graph; Id = '2f51be20-0bb4-4fed-bf7b-db946066c75e' } # DeviceManagementManagedDevices.Read.All
        @{ Api = $graph; Id = 'df021288-bdef-4463-88db-98f22de89214' } # User.Read.All
        @{ Api = $graph; Id = '7438b122-aefc-4978-80ed-43db9fcc7715' } # Device.Read.All
    )
}

Connect-MgGraph -TenantId $TenantId -Scopes 'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All' -NoWelcome

$isManagedIdentity = $PSCmdlet.ParameterSetName -eq 'ManagedIdentity'
if ($isManagedIdentity) {
    $principalId = $ManagedIdentity.ToString()
}
else {
    $access = $roles | Group-Object -Property { $_.Api } | ForEach-Object {
        @{
            ResourceAppId  = $_.Name
            ResourceAccess = @($_.Group | ForEach-Object { @{ Id = $_.Id; Type = 'Role' } })
        }
    }
    $app = New-MgApplication -DisplayName 'openndes' -SignInAudience 'AzureADMyOrg' -RequiredResourceAccess @($access)
    $principalId = (New-MgServicePrincipal -AppId $app.AppId).Id
}

# The consent of the administrator.
foreach ($role in $roles) {
    $resource = Get-MgServicePrincipal -Filter "appId eq '$($role.Api)'"
    New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principalId -PrincipalId $principalId `
        -ResourceId $resource.Id -AppRoleId $role.Id | Out-Null
}

switch ($PSCmdlet.ParameterSetName) {
    'Federated' {
        New-MgApplicationFederatedIdentityCredential -ApplicationId $app.Id -Name 'openndes' -Issuer $Issuer `
            -Subject $Subject -Audiences @('api://AzureADTokenExchange') | Out-Null
    }
    'Certificate' {
        $path = (Resolve-Path -Path $CertificateFile).Path
        $certificate = [System.Security.Cryptography.X509Certificates.X509Certificate2]::new($path)
        $credential = @{ Type = 'AsymmetricX509Cert'; Usage = 'Verify'; Key = $certificate.RawData }
        Update-MgApplication -ApplicationId $app.Id -KeyCredentials @($credential)
    }
    'Secret' {
        $wanted = @{ DisplayName = 'openndes'; EndDateTime = (Get-Date).AddYears(1) }
        $password = Add-MgApplicationPassword -ApplicationId $app.Id -PasswordCredential $wanted
        "client secret: $($password.SecretText)"
    }
}

if (-not $isManagedIdentity) {
    "clientId: $($app.AppId)"
}
