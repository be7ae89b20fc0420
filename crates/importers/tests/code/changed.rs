//! What stands in a file and is no longer so when the program runs: nothing is decided by it.

use corsac_analysis::model::{Credentials, Truth};
use corsac_diagnostics::Source;
use corsac_importers::{System, import};

const STRANGER: &str = "https://evil.org";

/// Whether the stranger may read, by any scope.
fn admits(system: &str, file: &str, code: &str) -> Vec<Truth> {
    let model = import(System::by_id(system).unwrap(), Source::new(file, code), &()).unwrap();
    assert!(!model.scopes.is_empty(), "{code}");
    model.scopes.iter().map(|scope| scope.actual.lets_read(STRANGER, Credentials::Included)).collect()
}

fn express(code: &str) -> Vec<Truth> {
    let code = format!(
        "const express = require('express'); const cors = require('cors'); const app = express();\n{code}\n"
    );
    admits("express", "app.js", &code)
}

const GUARD: &str = "app.use(cors({ origin: (o, cb) => cb(null, allowed.includes(o)), credentials: true }));";

#[test]
fn lists_that_are_changed_in_roundabout_ways_decide_nothing() {
    let same = format!("const allowed = ['https://a.com'];\nconsole.log(allowed);\n{GUARD}");
    assert_eq!(express(&same), [Truth::False]);
    let frozen = format!("const allowed = ['https://a.com'];\nObject.freeze(allowed);\n{GUARD}");
    assert_eq!(express(&frozen), [Truth::False]);
    let changes = [
        "(allowed).push(x)",
        "allowed['push'](x)",
        "allowed[method](x)",
        "allowed.push.apply(allowed, more)",
        "Array.prototype.push.apply(allowed, more)",
        "const l = allowed; l.push(x)",
        "let l; l = allowed; l[1] = x",
        "const l = allowed, m = l; m.push(x)",
        "function fill(list) { list.push(x) }\nfill(allowed)",
        "const fill = (list) => list.push(x);\nfill(allowed)",
        "xs.forEach(allowed.push, allowed)",
        "Object.defineProperty(allowed, '0', { value: x })",
        "Array.prototype.includes = () => true",
        "Object.defineProperty(Array.prototype, 'includes', { value: () => true })",
        "eval(more)",
    ];
    for change in changes {
        let code = format!("const allowed = ['https://a.com'];\n{change};\n{GUARD}");
        assert_eq!(express(&code), [Truth::Unknown], "{change}");
    }
}

#[test]
fn parts_that_are_changed_decide_nothing() {
    let of = |change: &str| {
        express(&format!(
            "const config = {{ origins: ['https://a.com'] }};\n{change};\n\
             app.use(cors({{ origin: config.origins, credentials: true }}));"
        ))
    };
    assert_eq!(of("console.log(config.origins)"), [Truth::False]);
    for change in [
        "config.origins.push(x)",
        "const { origins } = config; origins.push(x)",
        "const { origins: own } = config; own.push(x)",
        "const c = config; c.origins = [x]",
        "Object.assign(config, more)",
    ] {
        assert_eq!(of(change), [Truth::Unknown], "{change}");
    }
    let python = |change: &str| {
        admits(
            "fastapi",
            "main.py",
            &format!(
                "from fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\napp = FastAPI()\n\
                 cfg = {{'o': ['https://a.com']}}\norigins = ['https://a.com']\n{change}\n\
                 app.add_middleware(CORSMiddleware, allow_origins=origins, allow_credentials=True)\n"
            ),
        )
    };
    assert_eq!(python("print(origins)"), [Truth::False]);
    assert_eq!(python("other['origins'] = [x]"), [Truth::False]);
    for change in [
        "x = origins\nx.append(y)",
        "list.append(origins, y)",
        "def f(l):\n  l.append(y)\nf(origins)",
        "globals()['origins'] = [y]",
        "globals().update(more)",
        "globals()['origins'].append(y)",
        "setattr(sys.modules[__name__], 'origins', [y])",
        "sys.modules[__name__].origins = [y]",
        "exec(more)",
    ] {
        assert_eq!(python(change), [Truth::Unknown], "{change}");
    }
}

#[test]
fn methods_of_the_language_that_are_replaced_decide_nothing() {
    let of = |before: &str| {
        let code = "app.use(cors({ origin: (o, cb) => cb(null, ['https://a.com'].includes(o)) }));";
        express(&format!("{before}\n{code}"))
    };
    assert_eq!(of("Array.from(x)"), [Truth::False]);
    assert_eq!(of("Array.prototype.includes = () => true;"), [Truth::Unknown]);
}

#[test]
fn an_origin_that_is_named_anew_decides_nothing() {
    let of = |body: &str| {
        express(&format!(
            "const allowed = ['https://a.com'];\n\
             app.use(cors({{ origin: (o, cb) => {{ {body} }}, credentials: true }}));"
        ))
    };
    assert_eq!(of("if (allowed.includes(o)) return cb(null, true); cb(null, false)"), [Truth::False]);
    for body in [
        "var o = 'https://a.com'; if (allowed.includes(o)) return cb(null, true); cb(null, false)",
        "{ const o = 'https://a.com'; if (allowed.includes(o)) return cb(null, true) } cb(null, false)",
        "console.log(o = 'https://a.com'); if (allowed.includes(o)) return cb(null, true); cb(null, false)",
        "if ((o = o.trim()) && allowed.includes(o)) return cb(null, true); cb(null, false)",
    ] {
        assert_eq!(of(body), [Truth::Unknown], "{body}");
    }
    let by_hand = |before: &str, request: &str| {
        express(&format!(
            "const allowed = ['https://a.com'];\napp.use((req, res, next) => {{ {before}\n\
             if (allowed.includes({request}.headers.origin)) {{\n\
             res.setHeader('Access-Control-Allow-Origin', {request}.headers.origin);\n\
             res.setHeader('Access-Control-Allow-Credentials', 'true'); }} next() }});"
        ))
    };
    assert!(!by_hand("", "req").contains(&Truth::True));
    assert!(by_hand("", "req").contains(&Truth::False));
    assert!(!by_hand("req.headers.origin = clean(req.headers.origin);", "req").contains(&Truth::False));
}

#[test]
fn names_of_the_language_that_the_file_defines_are_its_own() {
    let of = |before: &str, origin: &str| {
        express(&format!("{before}\napp.use(cors({{ origin: {origin}, credentials: true }}));"))
    };
    let set = "(o, cb) => cb(null, new Set(['https://a.com']).has(o))";
    assert_eq!(of("", set), [Truth::False]);
    assert_eq!(of("class Set { has() { return true } }", set), [Truth::Unknown]);
    let other = "(o, cb) => cb(null, new own.Set(['https://a.com']).has(o))";
    assert_eq!(of("", other), [Truth::Unknown]);
    let error = "(o, cb) => o === 'https://a.com' ? cb(null, true) : cb(Error('no'), true)";
    assert_eq!(of("", error), [Truth::False]);
    assert_eq!(of("function Error() { return null }", error), [Truth::Unknown]);
}

#[test]
fn a_name_is_that_of_the_function_that_declares_it() {
    let handlers = |first: &str, second: &str| {
        let sets = "res.setHeader('Access-Control-Allow-Origin', origin);\nres.setHeader('Access-Control-Allow-Credentials', 'true');";
        express(&format!(
            "function a(req, res) {{\n{first}\n{sets}\n}}\nfunction b(req, res) {{\n{second}\n{sets}\n}}"
        ))
    };
    let fixed = "const origin = 'https://a.com';";
    let reflected = "const origin = req.headers.origin;";
    assert_eq!(handlers(fixed, reflected), [Truth::False, Truth::True]);
    assert_eq!(handlers(reflected, fixed), [Truth::True, Truth::False]);
    assert_eq!(handlers(&format!("{fixed} log(() => origin)"), reflected), [Truth::False, Truth::True]);
    for unclear in [
        "let origin = 'https://a.com'; origin = x;",
        "let origin = 'https://a.com'; f(() => { origin = x });",
        "let origin = 'https://a.com'; for (origin of xs) f();",
        "let origin = 'https://a.com'; [origin] = xs;",
        "{ const origin = 'https://a.com'; }",
        "if (x) { var origin = 'https://a.com'; }",
        "const origin = 'https://a.com'; { const origin = x; f(origin) }",
        "try { var origin = 'https://a.com'; } catch {}",
        "const f = (origin) => origin; const origin = 'https://a.com';",
    ] {
        assert_eq!(handlers(unclear, reflected)[0], Truth::Unknown, "{unclear}");
    }
    // What another function gives its own name says nothing of this one's; what it gives this one's does.
    let outer = |other: &str| {
        express(&format!(
            "let allowed = ['https://a.com'];\nfunction other() {{ {other} }}\n\
             app.use(cors({{ origin: (o, cb) => cb(null, allowed.includes(o)), credentials: true }}));"
        ))
    };
    assert_eq!(outer(""), [Truth::False]);
    assert_eq!(outer("allowed = [x]"), [Truth::Unknown]);
    assert_eq!(outer("const allowed = [x]; f(allowed)"), [Truth::Unknown]);
}

#[test]
fn a_value_is_known_where_each_place_of_it_reads() {
    let of = |more: &str| {
        express(&format!(
            "const allowed = ['https://a.com'];\n{more}\napp.use(cors({{ origin: allowed, credentials: true }}));"
        ))
    };
    for read in [
        "console.log(allowed, allowed.length)",
        "if (allowed.includes(x)) f()",
        "const all = [...allowed, 'https://b.com']; console.log(all)",
        "for (const o of allowed) f(o)",
        "const upper = allowed.map((o) => o.toUpperCase())",
        "export { allowed }",
        "const text = `${allowed}` + allowed",
    ] {
        assert_eq!(of(read), [Truth::False], "{read}");
    }
    for handed_on in [
        "const { grow } = require('./helper'); grow(allowed)",
        "helper.grow(allowed)",
        "new Holder(allowed)",
        "const store = { allowed }; store.allowed.push(x)",
        "const l = x ? allowed : []; l.push(y)",
        "const l = allowed || []; l.push(y)",
        "allowed.forEach((o, i, all) => all.push(x))",
        "app.locals.allowed = allowed",
        "const get = () => allowed; get().push(x)",
        "[allowed[0]] = [x]",
        "for (allowed[0] of xs) f()",
        "delete allowed[0]",
        "(l => l.push(x))(allowed)",
        "new Function(more)()",
        "const h = { test(l) { l.push(x) } }; h.test(allowed)",
        "class H { has(l) { l.push(x) } go() { this.has(allowed) } }",
        "grow`${allowed}`",
        "function run(cb) { cb(allowed) }\nrun((l) => l.push(x))",
        "const log = { info(l) { l.push(x) } }; log.info(allowed)",
        "Object.getPrototypeOf([]).concat = f",
    ] {
        assert_eq!(of(handed_on), [Truth::Unknown], "{handed_on}");
    }
}

#[test]
fn options_are_known_where_each_place_of_them_reads() {
    let nest = |code: &str| {
        express(&format!("const options = {{ origin: ['https://a.com'], credentials: true }};\n{code}"))
    };
    let made =
        "async function main() { const app = await NestFactory.create(AppModule); app.enableCors(options); }";
    assert_eq!(nest(made), [Truth::False]);
    let options = |change: &str| {
        express(&format!(
            "const options = {{ origin: ['https://a.com'], credentials: true }};\n{change}\napp.use(cors(options));"
        ))
    };
    assert_eq!(options("console.log(options.origin)"), [Truth::False]);
    assert_eq!(options("if (dev) delete options.origin"), [Truth::Unknown]);
    assert_eq!(options("const copy = { ...options }; copy.origin.push(x)"), [Truth::Unknown]);
    assert_eq!(options("_.merge(options, { origin: true })"), [Truth::Unknown]);
    let expression = |before: &str| {
        express(&format!(
            "{before}\napp.use(cors({{ origin: [/^https:\\/\\/a\\.com$/], credentials: true }}));"
        ))
    };
    assert_eq!(expression("/x/.test(y)"), [Truth::False]);
    assert_eq!(expression("RegExp.prototype.test = f"), [Truth::Unknown]);
}

#[test]
fn names_of_python_that_something_else_may_give_decide_nothing() {
    let of = |before: &str, after: &str| {
        let code = format!(
            "from fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\napp = FastAPI()\n{before}\n\
             origins = ['https://a.com']\n{after}\n\
             app.add_middleware(CORSMiddleware, allow_origins=origins, allow_credentials=True)\n"
        );
        admits("fastapi", "main.py", &code)
    };
    assert_eq!(of("from base import *", "print(len(origins), *origins)"), [Truth::Unknown]);
    assert_eq!(of("from base import *", "for o in origins:\n  print(o)"), [Truth::False]);
    for after in [
        "from local import *",
        "class H:\n  l = origins\nH.l.append(x)",
        "a, b = origins, 1",
        "grow(l=origins)",
        "add = origins.append\nadd(x)",
        "[origins, b] = [[x], 2]",
        "def g(l=origins):\n  l.append(x)",
        "with f(origins) as l:\n  l.append(x)",
        "l = origins or []\nl.append(x)",
        "CORSMiddleware.is_allowed_origin = f",
        "def print(l):\n  l.append(x)\nprint(origins)",
        "app.config['L'] = origins\napp.config['L'].append(x)",
        "cfg.setdefault('l', origins)",
        "exec(more)",
    ] {
        assert_eq!(of("", after), [Truth::Unknown], "{after}");
    }
}
