//! What a template leaves open stays open, in every system.

use super::{check, read_as};

const SAMPLES: [(&str, &str); 15] = [
    (
        "ingress-nginx",
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: a\n  annotations:\n    {{- toYaml \
             .Values.annotations | nindent 4 }}\n",
    ),
    (
        "ingress-nginx",
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: a\n  {{- with .Values.annotations \
             }}\n  annotations:\n    {{- toYaml . | nindent 4 }}\n  {{- end }}\n",
    ),
    (
        "ingress-nginx",
        "kind: Ingress\nmetadata:\n  annotations:\n    nginx.ingress.kubernetes.io/enable-cors: \"true\"\n    \
             nginx.ingress.kubernetes.io/cors-allow-origin: {{ .Values.origin | quote }}\n",
    ),
    (
        "ingress-nginx",
        "kind: Ingress\nmetadata:\n  annotations:\n    nginx.ingress.kubernetes.io/enable-cors: \"true\"\n    {{- if \
             .x }}\n    nginx.ingress.kubernetes.io/cors-allow-origin: https://b.example\n    {{- end }}\n",
    ),
    ("traefik", "http:\n  middlewares:\n    a:\n      headers: {{ .headers }}\n"),
    (
        "traefik",
        "http:\n  middlewares:\n    a:\n      headers:\n        accessControlAllowOriginList: [\"{{ env \
             `ORIGIN` }}\"]\n",
    ),
    (
        "istio",
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nspec:\n  http:\n  - corsPolicy:\n      {{- \
             toYaml .Values.cors | nindent 6 }}\n",
    ),
    (
        "istio",
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nspec:\n  http:\n  - corsPolicy:\n      \
             allowOrigins:\n      - regex: {{ .Values.regex }}\n",
    ),
    (
        "gateway-api",
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nspec:\n  rules:\n  - filters:\n    - type: \
             CORS\n      cors: ${CORS}\n",
    ),
    ("kong", "_format_version: '3.0'\nplugins:\n- name: cors\n  config: {origins: [\"${ORIGIN}\"]}\n"),
    ("kong", "_format_version: '3.0'\nplugins:\n- name: cors\n  config: {{ .cors }}\n"),
    ("apisix", "routes:\n- plugins:\n    cors:\n      allow_origins: ${{ORIGINS}}\n"),
    ("krakend", "{\"extra_config\": {{ include \"extra.json\" }}}"),
    (
        "envoy",
        "virtual_hosts:\n- name: a\n  typed_per_filter_config:\n    envoy.filters.http.cors: {{ .cors }}\n  \
             routes: [{match: {prefix: /}}]\n",
    ),
    (
        "envoy",
        "virtual_hosts:\n- name: a\n  typed_per_filter_config:\n    envoy.filters.http.cors:\n      \
             allow_origin_string_match: [{exact: !Origin x}]\n  routes: [{match: {prefix: /}}]\n",
    ),
];

#[test]
fn templates_are_never_taken_for_text() {
    for (system, text) in SAMPLES {
        let model = read_as(system, "x", text);
        assert!(!model.scopes.is_empty(), "{text}");
        check(&model.scopes[0].actual, &[('?', "https://a.example")]);
        assert!(!model.unread.is_empty(), "{text}");
    }
}
