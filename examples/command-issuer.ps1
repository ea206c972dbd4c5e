# An issuer for `command` of openndes in PowerShell 7. docs/command-issuer.md describes what it reads and writes.
#
# It has been read by a parser of PowerShell and has never been run: tell us what you find. It shows how to answer; `Invoke-Ca` is where you
# call your CA. Nothing that comes from openndes becomes a part of a command line.
param([Parameter(Mandatory)] [string] $Url)
$ErrorActionPreference = 'Stop'
$order = [Console]::In.ReadToEnd() | ConvertFrom-Json -AsHashtable

function Write-Answer([hashtable] $Fields) {
    [Console]::Out.Write((ConvertTo-Json -Compress -Depth 4 (@{ version = 1 } + $Fields)))
}

# The exit code says what it means: 10 rejected, 11 invalid, 12 unauthorised, 13 misconfigured, 14 unavailable, 15 throttled.
function Stop-Order([int] $Code, [string] $Why) {
    [Console]::Error.WriteLine($Why)
    exit $Code
}

# The token is in the environment, as `environment` of the configuration says, and never an argument.
function Invoke-Ca([string] $Path, [hashtable] $Body) {
    $call = @{
        Method      = 'Post'
        Uri         = "$Url/$Path"
        Headers     = @{ Authorization = "Bearer $env:CA_TOKEN" }
        ContentType = 'application/json'
        Body        = ConvertTo-Json -Compress $Body
        TimeoutSec  = 20
    }
    try { Invoke-RestMethod @call }
    catch {
        $status = [int] $_.Exception.Response.StatusCode
        switch ($status) {
            { $_ -in 401, 403 } { Stop-Order 12 "the CA answered HTTP $status" }
            429 { Stop-Order 15 "the CA answered HTTP $status" }
            { $_ -in 400, 422 } { Stop-Order 10 "the CA answered HTTP $status" }
            # Nobody knows whether the CA has issued: openndes asks with `find` before it orders again.
            default { Stop-Order 17 'the CA gave no answer' }
        }
    }
}

switch ($order.operation) {
    'issue' {
        $made = Invoke-Ca 'certificates' @{ csr = $order.csr; notAfter = $order.notAfter; key = $order.requestKey }
        Write-Answer @{ status = 'issued'; certificate = $made.certificate; chain = @($made.chain); reference = "$($made.id)" }
    }
    'revoke' {
        $null = Invoke-Ca 'revocations' @{ serial = $order.serial; reason = $order.reasonCode }
        Write-Answer @{ status = 'done' }
    }
    default { Stop-Order 13 'this operation is not one of this script: remove it from operations' }
}
