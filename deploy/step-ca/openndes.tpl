{
  "rawSubject": {{ toJson .Token.openndes.subject }},
  "basicConstraints": { "isCA": false },
  "extensions": [
    { "id": "2.5.29.15", "critical": true, "value": {{ toJson .Token.openndes.keyUsage }} },
    { "id": "2.5.29.37", "critical": false, "value": {{ toJson .Token.openndes.extendedKeyUsage }} }
{{- with .Token.openndes.subjectAltName }},
    { "id": "2.5.29.17", "critical": {{ toJson $.Token.openndes.subjectAltNameCritical }}, "value": {{ toJson . }} }
{{- end }}
  ]
}
