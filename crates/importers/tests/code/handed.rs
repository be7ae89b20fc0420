//! Values in other clothes, handed to others, or of other names than they seem: nothing is decided by
//! them, and by their plain neighbours it is.

use corsac_analysis::model::{Credentials, Truth};
use corsac_diagnostics::Source;
use corsac_importers::{System, import};

const STRANGER: &str = "https://evil.org";

/// Whether the stranger may read, by any scope.
fn admits(system: &str, file: &str, code: &str) -> Vec<Truth> {
    let model = import(System::by_id(system).unwrap(), Source::new(file, code), &()).unwrap();
    model.scopes.iter().map(|scope| scope.actual.lets_read(STRANGER, Credentials::Included)).collect()
}

fn express(file: &str, code: &str) -> Vec<Truth> {
    let head = "const express = require('express'); const cors = require('cors'); const app = express();\n";
    admits("express", file, &format!("{head}{code}\n"))
}

const LIST: &str = "['https://a.com']";
const USE: &str = "app.use(cors({ origin: list, credentials: true }));";

#[test]
fn a_list_is_followed_from_where_it_is_written() {
    for plain in [
        format!("const list = {LIST}; {USE}"),
        format!("const list = ({LIST}); {USE}"),
        format!("const list = {LIST} as string[]; {USE}"),
        format!("var list = {LIST}; console.log(list); {USE}"),
        format!("const list = {LIST}; const all = list; {USE}"),
        format!("const list = {LIST}; if ((list) && start) start(); {USE}"),
        format!("const list = {LIST}; const tests = list.filter((o) => o.endsWith('t')); {USE}"),
    ] {
        assert_eq!(express("app.ts", &plain), [Truth::False], "{plain}");
    }
    for changed in [
        format!("const list = ({LIST}); list.push(x); {USE}"),
        format!("const list = {LIST} as string[]; list.push(x); {USE}"),
        format!("const list = {LIST} satisfies string[]; list.push(x); {USE}"),
        format!("let other; const list = other = {LIST}; other.push(x); {USE}"),
        format!("let all = list; const list = {LIST}; all = [list]; for (const l of all) l.push(x); {USE}"),
        format!("{USE} var list = {LIST};"),
        format!("start(); var list = {LIST}; function start() {{ {USE} }}"),
        format!("a: {{ if (x) break a; var list = {LIST}; }} {USE}"),
        format!("const list = {LIST}; [(list)] = [true]; {USE}"),
        format!("const list = {LIST}; l\\u0069st.push(x); {USE}"),
    ] {
        assert_eq!(express("app.ts", &changed), [Truth::Unknown], "{changed}");
    }
}

#[test]
fn whose_function_takes_a_list_is_known() {
    for theirs in [
        "console.log(list);",
        "const logger = require('pino')(); logger.info(list); console.log(list);",
        "if (Array.isArray(list)) start();",
        "const names = new Set(list);",
        "const text = JSON.stringify(list);",
    ] {
        let code = format!("const list = {LIST}; {theirs} {USE}");
        assert_eq!(express("app.ts", &code), [Truth::False], "{theirs}");
    }
    for own in [
        "function load(cb) { cb(null, list) } load((e, o) => o.push(x));",
        "const { growCors } = tools; growCors(list);",
        "let growCors; growCors = (l) => l.push(x); growCors(list);",
        "const log = []; log.push(list); log[0].push(x);",
        "const log = new Map(); log.set(1, list);",
        "require('./helper').test(list);",
        "const { setupCors } = require('./helper'); setupCors(list);",
        "({ has(l) { l.push(x) } }).has(list);",
        "const console = { log: (l) => l.push(x) }; console.log(list);",
        "const log = app.log; log.push(list);",
    ] {
        let code = format!("const list = {LIST}; {own} {USE}");
        assert_eq!(express("app.ts", &code), [Truth::Unknown], "{own}");
    }
}

#[test]
fn objects_with_code_of_their_own_decide_nothing() {
    let of = |object: &str, more: &str| {
        express(
            "app.js",
            &format!("const config = {object}; {more} app.use(cors({{ origin: config.origins }}));"),
        )
    };
    assert_eq!(of("{ origins: ['https://a.com'] }", ""), [Truth::False]);
    assert_eq!(of("{ origins: ['https://a.com'], log() { return 1 } }", ""), [Truth::False]);
    for object in [
        "{ origins: ['https://a.com'], replace(o) { this.origins = o } }",
        "{ origins: ['https://a.com'], get dev() { return grow() } }",
        "{ origins: ['https://a.com'], toString() { return grow() } }",
        "{ origins: ['https://a.com'], [Symbol.toPrimitive]() { return grow() } }",
    ] {
        assert_eq!(of(object, ""), [Truth::Unknown], "{object}");
    }
}

#[test]
fn names_that_are_written_alike_may_be_others() {
    let two = |one: &str, other: &str| {
        express(
            "app.js",
            &format!(
                "function prod() {{ {one} const opts = {{ origin, credentials: true }}; app.use(cors(opts)); }}\n\
                 function dev() {{ {other} const opts = {{ origin, credentials: true }}; app.use(cors(opts)); }}"
            ),
        )
    };
    let open = two("const origin = 'https://a.com';", "const origin = true;");
    assert!(!open.iter().all(|truth| *truth == Truth::False), "{open:?}");
    let literal = express(
        "app.js",
        "function prod() { const opts = { origin: 'https://a.com', credentials: true }; app.use(cors(opts)); }\n\
         function dev() { const opts = { origin: 'https://a.com', credentials: true }; app.use(cors(opts)); }",
    );
    assert_eq!(literal, [Truth::False, Truth::False]);
}

#[test]
fn keys_are_what_they_come_to() {
    let of = |key: &str| express("app.js", &format!("app.use(cors({{ credentials: true, {key} }}));"));
    assert_eq!(of("'origin': 'https://a.com'"), [Truth::False]);
    assert_eq!(of("origin: 'https://a.com', \"origin\"(o, cb) { cb(null, true) }"), [Truth::True]);
    for computed in [
        "origin: 'https://a.com', ['origin'](o, cb) { cb(null, true) }",
        "origin: 'https://a.com', or\\u0069gin: true",
    ] {
        assert_eq!(of(computed), [Truth::Unknown], "{computed}");
    }
    let escaped = |text: &str| of(&format!("origin: \"{text}\""));
    assert_eq!(escaped("https://a\\x2ecom"), [Truth::False]);
    assert_eq!(escaped("https://a\\056com"), [Truth::Unknown]);
}

#[test]
fn a_package_that_is_handed_on_is_told() {
    let open = "{ origin: true, credentials: true }";
    for seen in [
        format!("const cors = require('cors'); app.use(cors({open}));"),
        format!("const cors = require('cors'); app.use(cors({open}, null));"),
        format!("import cors = require('cors'); app.use(cors({open}));"),
        format!("await fastify.register(import('@fastify/cors'), {open});"),
        format!("fastify.register(require('@fastify/cors'), {open});"),
    ] {
        assert_eq!(admits("express", "app.ts", &seen), [Truth::True], "{seen}");
    }
    for unseen in [
        format!("const cors = require('cors'); app.use(cors({open})); module.exports = (app, cors) => app;"),
        format!("const cors = require('cors'); const open = cors; app.use(open({open}));"),
        format!("const mw = {{ cors: require('cors') }}; app.use(mw.cors({open}));"),
        format!("const {{ default: cors }} = await import('cors'); app.use(cors({open}));"),
        format!("let cors; try {{ cors = require('cors') }} catch (e) {{ }} app.use(cors({open}));"),
        format!("const cors = require('cors'); app.use([cors].map((m) => m({open})));"),
        format!("const cors = require('cors'); app.use((0, cors)({open}));"),
    ] {
        let told = admits("express", "app.ts", &unseen);
        assert!(told.contains(&Truth::Unknown), "{unseen}: {told:?}");
    }
}

const FASTAPI: &str =
    "from fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\napp = FastAPI()\n";
const ADD: &str = "app.add_middleware(CORSMiddleware, allow_origins=origins, allow_credentials=True)\n";

#[test]
fn a_list_of_python_is_followed_under_all_its_names() {
    let of = |code: &str| {
        let code = if code.starts_with('#') {
            code.replacen('\n', &format!("\n{FASTAPI}"), 1)
        } else {
            format!("{FASTAPI}{code}")
        };
        admits("fastapi", "app.py", &code)
    };
    for plain in [
        format!("origins = ['https://a.com']\n{ADD}"),
        format!("origins = (['https://a.com'])\n{ADD}"),
        format!("origins: list[str] = ['https://a.com']\nprint(origins, len(origins))\n{ADD}"),
        format!("origins = ['https://a.com']\nmore = sorted(origins)\n{ADD}"),
        format!(
            "import logging\nlog = logging.getLogger()\norigins = ['https://a.com']\nlog.info(origins)\n{ADD}"
        ),
        format!("def make():\n    origins = ['https://a.com']\n    {ADD}"),
        format!("# x\r\norigins = ['https://a.com']\r\n{ADD}"),
    ] {
        assert_eq!(of(&plain), [Truth::False], "{plain}");
    }
    for changed in [
        format!("origins = (['https://a.com'])\norigins.append(x)\n{ADD}"),
        format!("origins = ['https://a.com']\nmore = origins\nmore += [x]\n{ADD}"),
        format!("more = origins = ['https://a.com']\nmore.append(x)\n{ADD}"),
        format!("o = {{'l': ['https://a.com']}}\no.get('l').append(x)\norigins = o['l']\n{ADD}"),
        format!("log = []\norigins = ['https://a.com']\nlog.append(origins)\nlog[0].append(x)\n{ADD}"),
        format!("from helper import sorted\norigins = ['https://a.com']\nsorted(origins)\n{ADD}"),
        format!(
            "class Ext:\n    def init_app(self, l):\n        l.append(x)\nExt().init_app(origins)\norigins = ['https://a.com']\n{ADD}"
        ),
        format!("from helper import *\ndef unused():\n    origins = ['https://a.com']\n{ADD}"),
        format!("origins = ['https://a.com']\nwith make() as (a, origins):\n    pass\n{ADD}"),
        format!("# x\rorigins = [x]\norigins = ['https://a.com']\n{ADD}"),
        format!("# coding: utf-7\norigins = ['https://a.com']\n{ADD}"),
        format!("origins = ['https://a.com']\nｏrigins.append(x)\n{ADD}"),
    ] {
        assert_eq!(of(&changed), [Truth::Unknown], "{changed}");
    }
}

#[test]
fn a_middleware_of_another_module_or_name_is_not_known() {
    let of = |code: &str| admits("fastapi", "app.py", &format!("from fastapi import FastAPI\n{code}"));
    let open = "allow_origins=['*'], allow_credentials=True";
    let import = "from starlette.middleware.cors import CORSMiddleware\n";
    assert_eq!(
        of(&format!("{import}app.add_middleware(middleware_class=CORSMiddleware, {open})")),
        [Truth::True]
    );
    assert_eq!(
        of(&format!("import starlette.middleware.cors as sc\napp.add_middleware(sc.CORSMiddleware, {open})")),
        [Truth::True]
    );
    for unknown in [
        format!("{import}M = CORSMiddleware\napp.add_middleware(M, {open})"),
        format!("{import}class Mine(CORSMiddleware):\n    pass\napp.add_middleware(Mine, {open})"),
        "import starlette.middleware.cors as sc\nsc.CORSMiddleware.is_allowed_origin = yes\napp.add_middleware(sc.CORSMiddleware, allow_origins=[])".to_owned(),
    ] {
        assert_eq!(of(&unknown), [Truth::Unknown], "{unknown}");
    }
    let other = of("from helper import CORSMiddleware\napp.add_middleware(CORSMiddleware, allow_origins=[])");
    assert!(!other.contains(&Truth::False), "{other:?}");
}

#[test]
fn settings_that_others_may_make_are_not_known() {
    let middleware =
        "MIDDLEWARE = ['corsheaders.middleware.CorsMiddleware']\nCORS_ALLOW_CREDENTIALS = True\n";
    let of = |code: &str| admits("django", "settings.py", &format!("{middleware}{code}"));
    assert_eq!(of("CORS_ORIGIN_WHITELIST = ['https://a.com']\n"), [Truth::False]);
    assert_eq!(
        of("CORS_ALLOW_ALL_ORIGINS = False\nCORS_ALLOWED_ORIGINS = ['https://a.com']\n"),
        [Truth::False]
    );
    for unknown in [
        "from base import *\nCORS_ORIGIN_ALLOW_ALL = False\nCORS_ORIGIN_WHITELIST = ['https://a.com']\n",
        "CORS_ALLOWED_ORIGINS = ['https://a.com']\n[CORS_ALLOW_ALL_ORIGINS, DEBUG] = [True, False]\n",
        "CSRF = CORS_ALLOWED_ORIGINS = ['https://a.com']\nCSRF += [x]\n",
        "CORS_ALLOWED_ORIGINS = ['https://a.com']\nsettings = DjangoDynaconf(__name__)\n",
        "import contextlib\nCORS_ALLOW_ALL_ORIGINS = True\nwith contextlib.suppress(Exception):\n    import local\n    CORS_ALLOW_ALL_ORIGINS = False\n",
    ] {
        assert_eq!(of(unknown), [Truth::Unknown], "{unknown}");
    }
}

#[test]
fn an_extension_that_is_made_elsewhere_is_told() {
    let of = |code: &str| admits("flask-cors", "app.py", &format!("from flask import Flask\n{code}"));
    let open = "resources={'/*': {'origins': '*'}}, supports_credentials=True";
    let elsewhere = of(&format!("from extensions import cors\ncors.init_app(app, {open})\n"));
    assert_eq!(elsewhere, [Truth::Unknown]);
    assert_eq!(of("from extensions import cors\ncors.init_app(app)\n"), [Truth::Unknown]);
    let import = "from flask_cors import CORS\n";
    let table = |origins: &str| {
        of(&format!("{import}CORS(app, supports_credentials=True, resources={{'/*': {{{origins}}}}})\n"))
    };
    assert_eq!(table("**more, 'origins': ['https://a.com']"), [Truth::False]);
    assert_eq!(table("'origins': ['https://a.com'], **more"), [Truth::Unknown]);
    let config = |more: &str| {
        of(&format!(
            "{import}origins = ['https://a.com']\napp.config['CORS_ORIGINS'] = origins\n{more}\nCORS(app, origins=origins)\n"
        ))
    };
    assert_eq!(config("app.config['DEBUG'] = True"), [Truth::False]);
    assert_eq!(config("app.config['CORS_ORIGINS'].append(x)"), [Truth::Unknown]);
}
