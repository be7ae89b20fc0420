//! Forms that code has for the same thing, and the nearest that mean another.

use corsac_analysis::model::{Answer, Coverage, Credentials, Emission, Model, Truth};
use corsac_diagnostics::Source;
use corsac_importers::{System, import};

fn read(system: &str, file: &str, code: &str) -> Model {
    import(System::by_id(system).unwrap(), Source::new(file, code), &()).unwrap()
}

fn reasons(model: &Model) -> Vec<&str> {
    model.unread.iter().map(|unread| unread.reason.as_str()).collect()
}

fn with_cookies(answer: &Answer, origin: &str) -> Truth {
    answer.lets_read(origin, Credentials::Included)
}

#[test]
fn a_gateway_of_nest_takes_options() {
    let gateway = |options: &str| {
        read(
            "express",
            "chat.gateway.ts",
            &format!(
                "@WebSocketGateway({options})\nexport class Chat {{\n  @WebSocketServer() server: Server;\n}}\n"
            ),
        )
    };
    for options in
        ["{ cors: { origin: true, credentials: true } }", "81, { cors: { origin: true, credentials: true } }"]
    {
        let model = gateway(options);
        assert_eq!(model.scopes.len(), 1, "{options}");
        assert_eq!(with_cookies(&model.scopes[0].actual, "https://evil.net"), Truth::True, "{options}");
    }
    let model = gateway("{ cors: { origin: ['https://a.com'], credentials: true } }");
    assert_eq!(with_cookies(&model.scopes[0].actual, "https://a.com"), Truth::True);
    assert_eq!(with_cookies(&model.scopes[0].actual, "https://evil.net"), Truth::False);
    assert!(gateway("{ namespace: 'chat' }").scopes.is_empty());
}

#[test]
fn options_that_flask_cors_does_not_have_are_listed() {
    let model = |call: &str| {
        read("flask-cors", "app.py", &format!("from flask_cors import CORS, cross_origin\n{call}\n"))
    };
    let unknown = model("CORS(app, support_credentials=True)");
    let reason = "no option `support_credentials`: did you mean `supports_credentials`?";
    assert_eq!(reasons(&unknown), [reason]);
    assert_eq!(with_cookies(&unknown.scopes[0].actual, "https://a.com"), Truth::False);
    assert_eq!(reasons(&model("CORS(app, resource={r'/api/*': {}})")).len(), 1);
    assert_eq!(reasons(&model("@cross_origin(origin='*')\ndef f(): pass")).len(), 1);
    let known = model("CORS(app=app, supports_credentials=True, always_send=False, resources=r'/api/*')");
    assert_eq!(reasons(&known), Vec::<&str>::new());
    assert_eq!(with_cookies(&known.scopes[0].actual, "https://a.com"), Truth::True);
}

#[test]
fn errors_of_a_view_are_the_extensions_where_there_is_one() {
    let view = "@app.route('/a')\n@cross_origin(supports_credentials=True)\ndef a(): abort(404)\n";
    let import = "from flask_cors import CORS, cross_origin\n";
    let alone = read("flask-cors", "app.py", &format!("{import}{view}"));
    assert_eq!(alone.scopes[0].actual.coverage, Coverage::Successes);
    let both = read("flask-cors", "app.py", &format!("{import}CORS(app)\n{view}"));
    assert_eq!(both.scopes.len(), 2);
    assert!(both.scopes.iter().all(|scope| scope.actual.coverage != Coverage::Successes));
}

#[test]
fn a_field_that_is_looked_at_is_not_set() {
    for code in [
        "request(app).get('/').expect('Access-Control-Allow-Origin', '*')",
        "expect(res.headers['access-control-allow-origin']).toBe('*')",
        "if (res.getHeader('Access-Control-Allow-Origin') === '*') f()",
        "const seen = 'access-control-allow-origin' in headers",
    ] {
        let model = read("express", "app.test.js", code);
        assert!(model.scopes.is_empty() && model.unread.is_empty(), "{code}: {:?}", model.unread);
    }
    for code in [
        "assert response.headers['access-control-allow-origin'] == '*'",
        "assert 'access-control-allow-origin' not in response.headers",
        "x = response.headers.get('Access-Control-Allow-Origin')",
    ] {
        let model = read("fastapi", "test_app.py", code);
        assert!(model.scopes.is_empty() && model.unread.is_empty(), "{code}: {:?}", model.unread);
    }
    let hidden = |model: &Model| {
        let line = &model.scopes[0].actual.allow_origin[0];
        assert!(matches!(line.cases[0].then, Emission::Opaque(_)));
        assert_eq!(model.unread.len(), 1);
    };
    hidden(&read("express", "app.js", "write(res, 'Access-Control-Allow-Origin', '*')"));
    hidden(&read("express", "app.js", "const name = ['Access-Control-Allow-Origin']"));
    hidden(&read("fastapi", "app.py", "response.headers['Access-Control-Allow-Origin'] = origin"));
    hidden(&read("fastapi", "app.py", "response.headers['Access-Control-Allow-Origin'] += origin"));
    hidden(&read("flask-cors", "app.py", "r.headers.add('Access-Control-Allow-Origin', '*')"));
}

fn cors(options: &str) -> Model {
    let code = format!(
        "const express = require('express')\nconst cors = require('cors')\nconst app = express()\n{options}\n"
    );
    read("express", "app.js", &code)
}

/// What the origins `https://a.com` and `https://evil.net` may read with cookies.
fn guard(function: &str) -> (Truth, Truth) {
    let list = "const allowed = ['https://a.com', 'https://b.com']";
    let model = cors(&format!("{list}\napp.use(cors({{ origin: {function}, credentials: true }}))"));
    let actual = &model.scopes[0].actual;
    (with_cookies(actual, "https://a.com"), with_cookies(actual, "https://evil.net"))
}

const DECIDED: (Truth, Truth) = (Truth::True, Truth::False);
const ALL: (Truth, Truth) = (Truth::True, Truth::True);
const OPAQUE: (Truth, Truth) = (Truth::Unknown, Truth::Unknown);

#[test]
fn guards_of_lists_are_decided() {
    for condition in [
        "allowed.includes(origin)",
        "allowed.indexOf(origin) !== -1",
        "allowed.indexOf(origin) != -1",
        "allowed.indexOf(origin) > -1",
        "-1 < allowed.indexOf(origin)",
        "allowed.indexOf(origin) >= 0",
        "~allowed.indexOf(origin)",
        "!origin || allowed.includes(origin)",
        "allowed.indexOf(origin) !== -1 || !origin",
        "!(allowed.indexOf(origin) === -1)",
        "new Set(allowed).has(origin)",
        "allowed.some((one) => one === origin)",
        "origin === undefined || origin === 'https://a.com'",
        "typeof origin === 'undefined' || /^https:\\/\\/a\\.com$/.test(origin)",
        "origin && origin.match(/^https:\\/\\/[ab]\\.com$/)",
        "(allowed.includes(origin))",
    ] {
        let admits = format!(
            "function (origin, callback) {{ if ({condition}) {{ callback(null, true) }} else {{ callback(new Error('no')) }} }}"
        );
        assert_eq!(guard(&admits), DECIDED, "{condition}");
        // What `match` finds is a list, and taken for one of origins.
        let as_value = if condition.contains("match(") { OPAQUE } else { DECIDED };
        assert_eq!(guard(&format!("(origin, cb) => cb(null, {condition})")), as_value, "{condition}");
    }
    for condition in [
        "origin",
        "origin || false",
        "!allowed.includes(origin) || true",
        "origin !== undefined",
        "!0 || !!origin",
    ] {
        assert_eq!(guard(&format!("(origin, cb) => {{ cb(null, {condition}) }}")), ALL, "{condition}");
    }
}

#[test]
fn functions_that_call_back_once_are_decided() {
    for function in [
        "(o, cb) => cb(null, true)",
        "(o, cb) => { cb(null, true) }",
        "function (o, cb) { return cb(null, o); }",
        "function (o, cb) { console.log(o); cb(undefined, true) }",
    ] {
        assert_eq!(guard(function), ALL, "{function}");
    }
    for function in [
        "(o, cb) => { if (!o) return cb(null, true); if (allowed.indexOf(o) === -1) { \
         const message = `not ${o}`; return cb(new Error(message), false) } return cb(null, true) }",
        "(o, cb) => allowed.includes(o) ? cb(null, true) : cb(new Error('no'))",
        "(o, cb) => { const ok = allowed.includes(o); cb(null, ok) }",
        "(o, cb) => { const ok = allowed.includes(o); if (ok) cb(null, true); else cb(null, false) }",
        "(o, cb) => { if (allowed.includes(o)) { cb(null, true); return } throw new Error('no') }",
        "(o, cb) => { if (allowed.includes(o)) { return cb(null, o) } cb('not allowed') }",
    ] {
        assert_eq!(guard(function), DECIDED, "{function}");
    }
    let method = cors(
        "const allowed = ['https://a.com']\napp.use(cors({ origin(o, cb) { cb(null, allowed.includes(o)) } }))",
    );
    assert_eq!(method.scopes[0].actual.lets_read("https://a.com", Credentials::Omitted), Truth::True);
    assert_eq!(method.scopes[0].actual.lets_read("https://evil.net", Credentials::Omitted), Truth::False);
}

#[test]
fn functions_that_do_more_stay_opaque() {
    for function in [
        "async (o, cb) => cb(null, true)",
        "function* (o, cb) { cb(null, true) }",
        "(o) => true",
        "(o, cb, more) => cb(null, true)",
        "(o = 'x', cb) => cb(null, true)",
        "({ o }, cb) => cb(null, true)",
        "(o, cb) => cb(error, true)",
        "(o, cb) => cb(o ? null : null, true)",
        "(o, cb) => cb(null, ...all)",
        "(o, cb) => cb(null, list)",
        "(o, cb) => cb(null, '*')",
        "(o, cb) => cb(null, x || allowed.includes(o))",
        "(o, cb) => other(null, true)",
        "(o, cb) => { setTimeout(() => cb(null, true), 1) }",
        "(o, cb) => { cb(null, true); cb(null, false) }",
        "(o, cb) => { if (allowed.includes(o)) { cb(null, true) } cb(new Error('no')) }",
        "(o, cb) => { for (const one of allowed) { if (one === o) return cb(null, true) } cb(null, false) }",
        "(o, cb) => { try { cb(null, true) } catch { cb(null, false) } }",
        "(o, cb) => { o = 'https://a.com'; cb(null, true) }",
        "(o, cb) => { const host = new URL(o).host; cb(null, true) }",
        "(o, cb) => { if (check(o, cb)) return cb(null, true); cb(null, false) }",
        "(o, cb) => { const { a } = b; cb(null, true) }",
        "(o, cb) => { const x = f(cb); cb(null, true) }",
    ] {
        assert_eq!(guard(function), OPAQUE, "{function}");
    }
    // What decides is another's list, or an index that leaves the first one out.
    for condition in [
        "others.includes(o)",
        "allowed.indexOf(o) > 0",
        "'https://a.com'.includes(o)",
        "allowed.has(o)",
        "new Set(allowed).includes(o)",
        "allowed.includes(other)",
        "allowed.includes(o, 1)",
        "check(o)",
    ] {
        assert_eq!(guard(&format!("(o, cb) => cb(null, {condition})")), OPAQUE, "{condition}");
    }
    let partly = guard("(o, cb) => cb(null, process.env.X === 'dev' || allowed.includes(o))");
    assert_eq!(partly, (Truth::True, Truth::Unknown));
    let partly = guard("(o, cb) => cb(null, isFine(o) && allowed.includes(o))");
    assert_eq!(partly, (Truth::Unknown, Truth::False));
    let changed = cors(
        "const allowed = ['https://a.com']\nallowed.push(x)\n\
                        app.use(cors({ origin: (o, cb) => cb(null, allowed.includes(o)) }))",
    );
    assert_eq!(changed.scopes[0].actual.lets_read("https://a.com", Credentials::Omitted), Truth::Unknown);
}

#[test]
fn a_part_that_is_not_known_is_listed() {
    let model = cors(
        "const allowed = ['https://a.com', process.env.B]\n\
                      app.use(cors({ origin: (o, cb) => cb(null, allowed.includes(o)) }))",
    );
    let actual = &model.scopes[0].actual;
    assert_eq!(actual.lets_read("https://a.com", Credentials::Omitted), Truth::True);
    assert_eq!(actual.lets_read("https://b.com", Credentials::Omitted), Truth::Unknown);
    assert_eq!(reasons(&model), ["`process.env.B`: it is not a literal of this file"]);
    let moot = cors(
        "app.use(cors({ origin: (o, cb) => { if (!o) return cb(null, true); \
                     if (process.env.X) { cb(null, true) } else { cb(null, true) } } }))",
    );
    assert_eq!(moot.scopes[0].actual.lets_read("https://evil.net", Credentials::Omitted), Truth::True);
    assert!(moot.unread.is_empty(), "{:?}", moot.unread);
    let opaque = cors("app.use(cors({ origin: (o, cb) => { if (x(o)) cb(null, true); else y(cb) } }))");
    assert_eq!(reasons(&opaque).len(), 1, "{:?}", opaque.unread);
}

#[test]
fn what_both_of_two_choices_admit_is_admitted() {
    let model = |origin: &str| cors(&format!("app.use(cors({{ origin: {origin} }}))"));
    let may = |model: &Model, origin: &str| model.scopes[0].actual.lets_read(origin, Credentials::Omitted);
    let both = model("isX ? [/\\.vercel\\.app$/] : [/\\.vercel\\.app$/, 'https://a.com']");
    assert_eq!(may(&both, "https://evil.vercel.app"), Truth::True);
    assert_eq!(may(&both, "https://a.com"), Truth::Unknown);
    assert_eq!(may(&both, "https://evil.net"), Truth::False);
    assert_eq!(reasons(&both), ["`isX`: it is not a literal of this file"]);
    let all = model("isX ? true : ['https://a.com']");
    assert_eq!(may(&all, "https://a.com"), Truth::True);
    assert_eq!(may(&all, "https://evil.net"), Truth::Unknown);
    let off = model("isX ? false : ['https://a.com']");
    assert_eq!(may(&off, "https://a.com"), Truth::Unknown);
    assert_eq!(may(&off, "https://evil.net"), Truth::False);
    let nested = model("isX ? /^https:\\/\\/a\\.com$/ : isY ? 'https://a.com'.split() : true");
    assert_eq!(may(&nested, "https://evil.net"), Truth::Unknown);
}

#[test]
fn guards_around_fields_that_are_set_by_hand_are_decided() {
    let model = |body: &str| {
        let code = format!(
            "const allowed = ['https://a.com'];\nmodule.exports = (req, res, next) => {{\n{body}\nnext();\n}}\n"
        );
        let model = read("express", "app.js", &code);
        let actual = &model.scopes[0].actual;
        (with_cookies(actual, "https://a.com"), with_cookies(actual, "https://evil.net"), model.unread.len())
    };
    let set = "res.setHeader('Access-Control-Allow-Origin', req.headers.origin); \
               res.setHeader('Access-Control-Allow-Credentials', 'true');";
    for guard in [
        "if (allowed.includes(req.headers.origin))",
        "if (allowed.indexOf(req.get('Origin')) !== -1)",
        "if (!allowed.includes(req.headers.origin)) { next('no'); } else",
    ] {
        assert_eq!(model(&format!("{guard} {{ {set} }}")), (Truth::True, Truth::False, 0), "{guard}");
    }
    let named =
        "const origin = req.headers.origin; const ok = allowed.includes(origin); if (origin) { if (ok)";
    assert_eq!(model(&format!("{named} {{ {set} }} }}")), (Truth::True, Truth::False, 0));
    let reversed = format!("if (!allowed.includes(req.headers.origin)) {{ {set} }}");
    assert_eq!(model(&reversed), (Truth::False, Truth::True, 0));
    for guard in [
        "if (others.includes(req.headers.origin))",
        "for (const one of allowed)",
        "if (req.method === 'GET')",
    ] {
        let (own, stranger, unread) = model(&format!("{guard} {{ {set} }}"));
        assert_eq!((own, stranger), OPAQUE, "{guard}");
        assert!(unread > 0, "{guard}");
    }
    // A function that may be left before is another matter.
    let left =
        format!("if (req.path === '/') return next(); if (allowed.includes(req.headers.origin)) {{ {set} }}");
    assert_eq!(model(&left).0, Truth::Unknown);
    let both = format!("if (isOn() && allowed.includes(req.headers.origin)) {{ {set} }}");
    assert_eq!(model(&both), (Truth::Unknown, Truth::False, 1));
}

/// Each with a middleware that admits one origin, beside which a field is set or not.
#[test]
fn a_field_that_is_set_is_known_by_every_spelling() {
    let mounted = "const cors = require('cors');\napp.use(cors({ origin: ['https://a.com'] }));\n";
    let flask = "from flask_cors import CORS\nCORS(app, origins=['https://a.com'])\n@app.after_request\ndef after(r):\n    ";
    let set = [
        ("express", "a.js", mounted, "const h = { [`Access-Control-Allow-Origin`]: '*' }; res.set(h);"),
        (
            "express",
            "a.js",
            mounted,
            "for (const [k, v] of [[`access-control-allow-origin`, '*']]) res.set(k, v);",
        ),
        ("express", "a.js", mounted, "const p = 'Access-Control-'; res.set(p + 'Allow-Origin', '*');"),
        ("express", "a.js", mounted, "res.set(`Access-Control-${allow}-Origin`, '*');"),
        ("express", "a.js", mounted, "headers.push(['Access-Control-Allow-\\x4frigin', '*']);"),
        (
            "express",
            "a.js",
            mounted,
            "socket.end('HTTP/1.1 200 OK\\r\\nAccess-Control-Allow-Origin: *\\r\\n');",
        ),
        (
            "express",
            "a.js",
            mounted,
            "pairs.push(['ACCESS_CONTROL_ALLOW_ORIGIN'.replaceAll('_', '-'), '*']);",
        ),
        ("flask-cors", "a.py", flask, "r.headers[u'Access-Control-Allow-Origin'] = '*'"),
        ("flask-cors", "a.py", flask, "r.headers[r'Access-Control-Allow-Origin'] = '*'"),
        ("flask-cors", "a.py", flask, "r.headers['''Access-Control-Allow-Origin'''] = '*'"),
        ("flask-cors", "a.py", flask, "r.raw_headers.append((b'access-control-allow-origin', b'*'))"),
        ("flask-cors", "a.py", flask, "r.headers.update({'Access-Control-Allow-' 'Origin': '*'})"),
        ("flask-cors", "a.py", flask, "r.headers[f'access-control-{allow}-origin'] = '*'"),
        ("flask-cors", "a.py", flask, "r.headers['Access-Control-%s-Origin' % allow] = '*'"),
        ("flask-cors", "a.py", flask, "r.access_control_allow_origin = '*'"),
        ("flask-cors", "a.py", flask, "r.headers.extend(Access_Control_Allow_Origin='*')"),
    ];
    let said = |(system, file, before, line): (&str, &str, &str, &str)| {
        let model = read(system, file, &format!("{before}{line}\n"));
        let read = |scope: &corsac_analysis::model::Scope| {
            scope.actual.lets_read("https://evil.net", Credentials::Omitted)
        };
        model.scopes.iter().map(read).collect::<Vec<_>>()
    };
    for case in set {
        assert!(said(case).contains(&Truth::Unknown), "{case:?}: {:?}", said(case));
    }
    for case in [
        ("express", "a.js", mounted, "res.set('Access-Control-Allow-Methods', 'GET');"),
        ("express", "a.js", mounted, "log(`no Access-Control-Allow-Origin for ${origin}`);"),
        ("express", "a.js", mounted, "log(`Access-Control-Allow-Headers: ${names}`); f('access-control');"),
        ("flask-cors", "a.py", flask, "r.headers[b'access-control-max-age'] = '1'"),
        ("flask-cors", "a.py", flask, "log('the access control allows %s origins' % count)"),
        ("flask-cors", "a.py", flask, "seen = r.access_control_allow_origin"),
    ] {
        assert_eq!(said(case), [Truth::False], "{case:?}");
    }
}

#[test]
fn options_that_decide_instead_are_asked() {
    let fastify = |options: &str| {
        let code = format!("const cors = require('@fastify/cors');\napp.register(cors, {options});\n");
        with_cookies(&read("express", "app.js", &code).scopes[0].actual, "https://evil.net")
    };
    let list = "origin: ['https://a.com'], credentials: true";
    for unknown in [
        "delegator: (req, cb) => cb(null, { origin: true })",
        "delegator(req, cb) { cb(null, { origin: '*' }) }",
        "delegator: decide",
        "...more",
    ] {
        assert_eq!(fastify(&format!("{{ {list}, {unknown} }}")), Truth::Unknown, "{unknown}");
    }
    for known in ["delegator: undefined", "delegator: null", "maxAge: 5", "...{ maxAge: 5 }"] {
        assert_eq!(fastify(&format!("{{ {list}, {known} }}")), Truth::False, "{known}");
    }
    // The package `cors` has no such option.
    let model = cors("app.use(cors({ origin: ['https://a.com'], delegator: decide }))");
    assert_eq!(with_cookies(&model.scopes[0].actual, "https://evil.net"), Truth::False);
}

#[test]
fn a_key_that_something_later_may_replace_is_not_known() {
    let list = "cors: { origin: ['https://a.com'], credentials: true }";
    let said = |call: &str, options: &str| {
        let model = read("express", "app.ts", &call.replace("OPTIONS", options));
        assert_eq!(model.scopes.len(), 1, "{call} {options}");
        with_cookies(&model.scopes[0].actual, "https://evil.net")
    };
    let calls = [
        "import { Server } from 'socket.io';\nconst io = new Server(server, { OPTIONS });",
        "const app = await NestFactory.create(AppModule, { OPTIONS });",
        "export default defineConfig({ server: { OPTIONS } });",
    ];
    for call in calls {
        for unknown in [
            format!("{list}, ...more"),
            format!("{list}, ['co' + 'rs']: open"),
            format!("{list}, ...{{ ...more }}"),
        ] {
            assert_eq!(said(call, &unknown), Truth::Unknown, "{call} {unknown}");
        }
        for known in [
            list.to_owned(),
            format!("...more, {list}"),
            format!("cors: true, ...{{ {list} }}, path: '/a'"),
            format!("{list}, ...{{ path: '/a' }}"),
        ] {
            assert_eq!(said(call, &known), Truth::False, "{call} {known}");
        }
    }
    let whole = "export default defineConfig({ server: { OPTIONS }, ...more });";
    assert_eq!(said(whole, list), Truth::Unknown);
}

#[test]
fn zero_is_falsy_in_every_spelling() {
    for zero in ["0", "0x0", "0b00", "0o0", "0n", "0x0n", "0.0", ".0", "0e5", "0_0"] {
        let model = cors(&format!("app.use(cors({{ origin: {zero} }}))"));
        assert!(model.scopes[0].actual.allow_origin.is_empty(), "{zero}");
    }
    for number in ["1", "0x1", "0b10", "1n", "0.5", "0x0f"] {
        let model = cors(&format!("app.use(cors({{ origin: {number}, credentials: true }}))"));
        assert_eq!(with_cookies(&model.scopes[0].actual, "https://evil.net"), Truth::True, "{number}");
    }
}
