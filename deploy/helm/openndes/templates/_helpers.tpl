{{- define "openndes.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "openndes.selector" -}}
app.kubernetes.io/name: openndes
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "openndes.labels" -}}
{{ include "openndes.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{/* The entries of `listen`, which is one mapping or a list of them, each as `{port, tls}`. */}}
{{- define "openndes.listeners" -}}
{{- $listen := .Values.config.listen | default dict -}}
{{- $list := kindIs "slice" $listen | ternary $listen (list $listen) -}}
{{- range $index, $each := $list }}
- name: {{ printf "%s-%d" (hasKey $each "tls" | ternary "https" "http") $index }}
  port: {{ int ($each.port | default 8080) }}
  scheme: {{ hasKey $each "tls" | ternary "HTTPS" "HTTP" }}
{{- end }}
{{- end -}}

{{/* `yes` when the store is PostgreSQL. */}}
{{- define "openndes.postgres" -}}
{{- if kindIs "map" .Values.config.store }}yes{{ else if hasPrefix "postgres" (.Values.config.store | default "" | toString) }}yes{{ end -}}
{{- end -}}

{{/* `yes` when several servers can share the store. */}}
{{- define "openndes.shared" -}}
{{- if kindIs "map" .Values.config.store }}{{ if .Values.config.store.secretsKey }}yes{{ end }}{{ end -}}
{{- end -}}

{{- define "openndes.claim" -}}
{{- .Values.persistence.existingClaim | default (include "openndes.name" .) -}}
{{- end -}}
