//! Settings as the documentation of each program shows them, and the nearest to them.

use corsac_analysis::model::{Coverage, Credentials, Field, Model, Preflight, Truth, Value};
use corsac_diagnostics::Source;
use corsac_importers::{System, detect, import};

fn read(system: &str, file: &str, code: &str) -> Model {
    import(System::by_id(system).unwrap(), Source::new(file, code), &()).unwrap()
}

/// Whether the only scope lets `origin` read, without and with credentials.
#[track_caller]
fn reads(model: &Model, origin: &str) -> (Truth, Truth) {
    assert_eq!(model.scopes.len(), 1, "{:?}", model.scopes);
    let actual = &model.scopes[0].actual;
    (actual.lets_read(origin, Credentials::Omitted), actual.lets_read(origin, Credentials::Included))
}

fn express(code: &str) -> Model {
    read("express", "app.js", code)
}

fn names(model: &Model) -> Vec<&str> {
    model.scopes.iter().map(|scope| scope.name.as_str()).collect()
}

const EXPRESS: &str = "var express = require('express')\nvar cors = require('cors')\nvar app = express()\n";

#[test]
fn express_admits_all_by_default_without_credentials() {
    let model = express(&format!(
        "{EXPRESS}app.use(cors())\napp.get('/products/:id', function (req, res, next) {{}})"
    ));
    assert_eq!(reads(&model, "https://evil.net"), (Truth::True, Truth::False));
    assert_eq!(model.scopes[0].actual.coverage, Coverage::All);
    assert_eq!(model.unread, []);
}

#[test]
fn express_route_answers_its_own_preflights_only_where_told() {
    let route = "app.get('/products/:id', cors(), function (req, res, next) {})";
    let model = express(&format!("{EXPRESS}{route}"));
    assert!(matches!(model.scopes[0].preflight, Preflight::Unanswered));
    let model = express(&format!("{EXPRESS}app.options('*', cors())\n{route}"));
    assert_eq!(names(&model), ["app.get /products/:id"]);
    assert!(matches!(model.scopes[0].preflight, Preflight::Answered(_)));
}

#[test]
fn express_options_with_a_text_fix_the_field() {
    let model = express(&format!(
        "{EXPRESS}var corsOptions = {{ origin: 'http://example.com', optionsSuccessStatus: 200 }}\n\
         app.get('/products/:id', cors(corsOptions), handler)"
    ));
    assert_eq!(reads(&model, "http://example.com"), (Truth::True, Truth::False));
    assert_eq!(reads(&model, "http://example.net"), (Truth::False, Truth::False));
}

#[test]
fn express_expression_of_the_readme_admits_longer_hosts() {
    let model =
        express(&format!("{EXPRESS}app.use(cors({{ origin: ['http://example1.com', /example\\.com$/] }}))"));
    assert_eq!(reads(&model, "https://evilexample.com").0, Truth::True);
    assert_eq!(reads(&model, "https://example.com.evil.net").0, Truth::False);
    assert_eq!(reads(&model, "http://example1.com").0, Truth::True);
    assert_eq!(reads(&model, "http://example2.com").0, Truth::False);
}

#[test]
fn express_functions_are_opaque_and_listed() {
    for options in [
        "{ origin: function (origin, callback) { db.loadOrigins((error, origins) => callback(error, origins)) } }",
        "function (req, callback) { callback(null, { origin: false }) }",
        "{ origin: process.env.ORIGIN }",
        "{ ...base }",
        "{ origin: 'https://a.com', ...base }",
        "{ origin: isProduction ? 'https://a.com' : '*' }",
    ] {
        let model = express(&format!("{EXPRESS}app.use(cors({options}))"));
        assert_eq!(reads(&model, "https://a.com").0, Truth::Unknown, "{options}");
        assert_eq!(model.unread.len(), 1, "{options}");
        let place = model.unread[0].place.clone().unwrap();
        assert!(model.files[0].text().get(place.span).is_some_and(|text| !text.is_empty()));
    }
    let assigned = "const o = { origin: 'https://a.com' }; Object.assign(o, base); app.use(cors(o));";
    assert_eq!(reads(&express(&format!("{EXPRESS}{assigned}")), "https://b.com").0, Truth::Unknown);
    // A key behind a spread is what it says.
    let model = express(&format!("{EXPRESS}app.use(cors({{ ...base, origin: 'https://a.com' }}))"));
    assert_eq!(reads(&model, "https://b.com").0, Truth::False);
}

#[test]
fn express_lists_that_change_are_opaque() {
    let list = "const allowed = ['https://a.com'];";
    let mount = "app.use(cors({ origin: allowed }));";
    assert_eq!(reads(&express(&format!("{EXPRESS}{list}{mount}")), "https://b.com").0, Truth::False);
    for change in ["allowed.push(process.env.MORE);", "if (dev) allowed[1] = '*';", "allowed = more;"] {
        let model = express(&format!("{EXPRESS}{list}{change}{mount}"));
        assert_eq!(reads(&model, "https://b.com").0, Truth::Unknown, "{change}");
    }
}

#[test]
fn express_later_mounts_set_over_earlier_ones() {
    let model = express(&format!(
        "{EXPRESS}app.use(cors());\napp.get('/a', cors({{ origin: 'https://a.com', credentials: true }}), h);\n\
         app.use('/b', cors({{ origin: ['https://b.com'] }}));"
    ));
    assert_eq!(names(&model), ["app.use", "app.get /a", "app.use /b"]);
    let reads =
        |index: usize, origin: &str| model.scopes[index].actual.lets_read(origin, Credentials::Included);
    assert_eq!(reads(1, "https://a.com"), Truth::True);
    assert_eq!(reads(1, "https://b.com"), Truth::False);
    let bare = |index: usize, origin: &str| {
        let scope: &corsac_analysis::model::Scope = &model.scopes[index];
        scope.actual.lets_read(origin, Credentials::Omitted)
    };
    // What the second does not admit keeps the `*` of the first.
    assert_eq!(bare(2, "https://c.com"), Truth::True);
    // Whose answer a preflight gets: the first's, for everyone.
    let Preflight::Answered(preflight) = &model.scopes[1].preflight else { panic!("unanswered") };
    assert_eq!(preflight.lets_read("https://c.com", Credentials::Omitted), Truth::True);
}

#[test]
fn typescript_is_read_like_javascript() {
    let code = "import express, { Application } from 'express';\nimport cors, { CorsOptions } from 'cors';\n\
        const app: Application = express();\n\
        const options: CorsOptions = { origin: ['https://a.com'] as string[], credentials: true } satisfies CorsOptions;\n\
        app.use(cors<express.Request>(options));\n";
    let model = read("express", "app.ts", code);
    assert_eq!(reads(&model, "https://a.com"), (Truth::True, Truth::True));
    assert_eq!(reads(&model, "https://b.com"), (Truth::False, Truth::False));
    assert_eq!(model.unread, []);
}

#[test]
fn other_packages_named_cors_are_not_taken_for_it() {
    let model = express("import { cors } from 'hono/cors';\napp.use(cors({ origin: 'https://a.com' }));");
    assert_eq!(reads(&model, "https://a.com").0, Truth::Unknown);
    let said: Vec<_> = model.unread.iter().map(|unread| unread.reason.as_str()).collect();
    assert_eq!(said, ["`cors` of `hono/cors` is not modelled"]);
}

#[test]
fn relatives_of_express_take_its_options() {
    let nest =
        "const app = await NestFactory.create(AppModule);\napp.enableCors({ origin: ['https://a.com'] });";
    let created = "const app = await NestFactory.create(AppModule, { cors: { origin: ['https://a.com'] } });";
    let socket = "const io = new Server(httpServer, { cors: { origin: ['https://a.com'] } });";
    let vite = "export default defineConfig({ server: { cors: { origin: ['https://a.com'] } } });";
    for code in [nest, created, socket, vite] {
        let model = read("express", "main.ts", code);
        assert_eq!(reads(&model, "https://a.com").0, Truth::True, "{code}");
        assert_eq!(reads(&model, "https://b.com").0, Truth::False, "{code}");
    }
    let all = read("express", "main.ts", "app.enableCors();");
    assert_eq!(reads(&all, "https://b.com"), (Truth::True, Truth::False));
    let vite = read(
        "express",
        "vite.config.ts",
        "export default defineConfig({ server: { cors: { credentials: true } } });",
    );
    assert_eq!(reads(&vite, "http://localhost:5173").0, Truth::True);
    assert_eq!(reads(&vite, "http://localhost.evil.net").0, Truth::False);
}

#[test]
fn fastify_sends_a_star_for_a_list_that_has_one() {
    let model = |list: &str| {
        let code =
            format!("app.register(require('@fastify/cors'), {{ origin: {list}, credentials: true }});");
        reads(&express(&code), "https://a.com")
    };
    assert_eq!(model("['https://a.com', '*']"), (Truth::True, Truth::False));
    assert_eq!(model("['https://a.com']"), (Truth::True, Truth::True));
    assert_eq!(model("['https://a.com', process.env.MORE]"), (Truth::Unknown, Truth::Unknown));
}

#[test]
fn fields_set_by_hand_are_fixed_reflected_or_opaque() {
    let handler = |body: &str| express(&format!("app.use((req, res, next) => {{ {body} next(); }});"));
    let model = handler("res.header('Access-Control-Allow-Origin', '*');");
    assert_eq!(reads(&model, "https://a.com"), (Truth::True, Truth::False));
    let reflecting = "res.setHeader('access-control-allow-origin', req.headers.origin || '*'); \
        res.setHeader('Access-Control-Allow-Credentials', true);";
    assert_eq!(reads(&handler(reflecting), "https://a.com"), (Truth::True, Truth::True));
    let named = "const origin = req.get('Origin'); res.set({ 'Access-Control-Allow-Origin': origin });";
    assert_eq!(reads(&handler(named), "https://a.com").0, Truth::True);
    let conditional =
        "if (allowed(req.headers.origin)) { res.header('Access-Control-Allow-Origin', req.headers.origin); }";
    assert_eq!(reads(&handler(conditional), "https://a.com").0, Truth::Unknown);
    let guarded = "if (!ok) return next(); res.header('Access-Control-Allow-Origin', req.headers.origin);";
    assert_eq!(reads(&handler(guarded), "https://a.com").0, Truth::Unknown);
    let twice =
        "res.append('Access-Control-Allow-Origin', '*'); res.append('Access-Control-Allow-Origin', '*');";
    assert_eq!(reads(&handler(twice), "https://a.com").0, Truth::False);
    let stored = "res.headers['access-control-allow-origin'] = 'https://a.com';";
    assert_eq!(reads(&handler(stored), "https://b.com").0, Truth::False);
    let unusual = "proxy.on('x', set(res, 'Access-Control-Allow-Origin', req.headers.origin));";
    assert_eq!(reads(&handler(unusual), "https://b.com").0, Truth::Unknown);
    let computed = "res.header('Access-Control-Allow-Origin', config.origin);";
    assert_eq!(reads(&handler(computed), "https://a.com").0, Truth::Unknown);
}

#[test]
fn fastapi_sample_admits_its_list() {
    let code = "from fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\n\napp = FastAPI()\n\n\
        origins = [\n    \"http://localhost.tiangolo.com\",\n    \"https://localhost.tiangolo.com\",\n    \"http://localhost\",\n    \"http://localhost:8080\",\n]\n\n\
        app.add_middleware(\n    CORSMiddleware,\n    allow_origins=origins,\n    allow_credentials=True,\n    allow_methods=[\"*\"],\n    allow_headers=[\"*\"],\n)\n";
    let model = read("fastapi", "main.py", code);
    assert_eq!(reads(&model, "http://localhost:8080"), (Truth::True, Truth::True));
    assert_eq!(reads(&model, "http://localhost:8081"), (Truth::False, Truth::False));
    assert_eq!(model.scopes[0].actual.coverage, Coverage::Handled);
    let all = read("fastapi", "main.py", &code.replace("=origins", "=['*']"));
    assert_eq!(reads(&all, "https://evil.net"), (Truth::True, Truth::True));
    for unknown in [
        "settings.origins",
        "os.environ['ORIGINS'].split(',')",
        "[str(o) for o in origins]",
        "[settings.one]",
    ] {
        let model = read("fastapi", "main.py", &code.replace("=origins", &format!("={unknown}")));
        assert_eq!(reads(&model, "https://evil.net").0, Truth::Unknown, "{unknown}");
        assert!(!model.unread.is_empty());
    }
}

#[test]
fn django_settings_of_the_readme() {
    let code = "MIDDLEWARE = [\n    \"corsheaders.middleware.CorsMiddleware\",\n    \"django.middleware.common.CommonMiddleware\",\n]\n\
        CORS_ALLOWED_ORIGINS = [\n    \"https://example.com\",\n    \"https://sub.example.com\",\n    \"http://localhost:8080\",\n]\n\
        CORS_ALLOWED_ORIGIN_REGEXES = [\n    r\"^https://\\w+\\.example\\.com$\",\n]\n\
        CORS_URLS_REGEX = r\"^/api/.*$\"\n";
    let model = read("django", "settings.py", code);
    assert_eq!(names(&model), ["paths that match `^/api/.*$`"]);
    assert_eq!(reads(&model, "https://x.example.com"), (Truth::True, Truth::False));
    assert_eq!(reads(&model, "https://x.example.com.evil.net"), (Truth::False, Truth::False));
    assert_eq!(model.scopes[0].actual.coverage, Coverage::All);
    let prefix = read("django", "settings.py", &code.replace("com$", "com"));
    assert_eq!(reads(&prefix, "https://x.example.com.evil.net").0, Truth::True);
    // Without the middleware no setting has effect; a scheme that is missing admits `null`.
    let none = read("django", "settings.py", &code.replace("corsheaders.middleware.CorsMiddleware", "x"));
    assert_eq!((none.scopes.len(), none.unread.len()), (0, 1));
    let bare = read("django", "settings.py", "CORS_ALLOWED_ORIGINS = ['example.com']\n");
    assert_eq!(reads(&bare, "null").0, Truth::True);
    assert_eq!(reads(&bare, "https://example.com").0, Truth::False);
}

#[test]
fn django_settings_under_conditions_and_from_elsewhere_are_opaque() {
    let debug = "if DEBUG:\n    CORS_ALLOW_ALL_ORIGINS = True\n";
    assert_eq!(reads(&read("django", "s.py", debug), "https://a.com").0, Truth::Unknown);
    let starred = "from .base import *\nCORS_ALLOWED_ORIGINS = ['https://a.com']\n";
    assert_eq!(reads(&read("django", "s.py", starred), "https://b.com").0, Truth::Unknown);
    let environment = "CORS_ALLOWED_ORIGINS = env.list('ORIGINS')\n";
    assert_eq!(reads(&read("django", "s.py", environment), "https://b.com").0, Truth::Unknown);
    let last = "CORS_ALLOW_ALL_ORIGINS = True\nCORS_ALLOW_ALL_ORIGINS = False\n";
    assert_eq!(reads(&read("django", "s.py", last), "https://b.com").0, Truth::False);
    let in_class = "class Base:\n    CORS_ALLOW_ALL_ORIGINS = True\n";
    assert_eq!(reads(&read("django", "s.py", in_class), "https://b.com").0, Truth::Unknown);
    let appended = "CORS_ALLOWED_ORIGINS = []\nCORS_ALLOWED_ORIGINS += more\n";
    assert_eq!(reads(&read("django", "s.py", appended), "https://b.com").0, Truth::Unknown);
}

#[test]
fn flask_cors_samples() {
    let head = "from flask import Flask\nfrom flask_cors import CORS, cross_origin\napp = Flask(__name__)\n";
    let all = read("flask-cors", "app.py", &format!("{head}CORS(app)\n"));
    assert_eq!(reads(&all, "https://evil.net"), (Truth::True, Truth::False));
    let paths = format!(
        "{head}cors = CORS(app, resources={{r\"/api/*\": {{\"origins\": \"https://*.example.com\"}}}})\n"
    );
    let model = read("flask-cors", "app.py", &paths);
    assert_eq!(names(&model), ["paths `/api/*`"]);
    assert_eq!(reads(&model, "https://xexample.com.evil.net").0, Truth::True);
    assert_eq!(reads(&model, "https://api.example.com").0, Truth::False);
    let view = format!(
        "{head}@app.route(\"/\")\n@cross_origin(origins=[\"https://a.com\"], supports_credentials=True)\ndef f():\n    return \"x\"\n"
    );
    let model = read("flask-cors", "app.py", &view);
    assert_eq!(reads(&model, "https://a.com"), (Truth::True, Truth::True));
    assert_eq!(reads(&model, "https://b.com"), (Truth::False, Truth::False));
    assert_eq!(model.scopes[0].actual.coverage, Coverage::Successes);
    let bare = read(
        "flask-cors",
        "app.py",
        &format!("{head}@app.route(\"/\")\n@cross_origin\ndef f():\n    return \"x\"\n"),
    );
    assert_eq!(bare.scopes.len(), 1);
}

#[test]
fn flask_settings_count_where_a_call_names_no_argument() {
    let of = |settings: &str, call: &str| {
        let head = "from flask import Flask\nfrom flask_cors import CORS\napp = Flask(__name__)\n";
        let model = read("flask-cors", "app.py", &format!("{head}{settings}\n{call}\n"));
        (reads(&model, "https://a.com").0, reads(&model, "https://b.com").0, model.unread.len())
    };
    let listed = (Truth::True, Truth::False, 0);
    for settings in [
        "app.config['CORS_ORIGINS'] = ['https://a.com']",
        "app.config.update(DEBUG=True, CORS_ORIGINS=['https://a.com'])",
        "app.config.update({'CORS_ORIGINS': 'https://a.com'})",
        "app.config.from_mapping(CORS_ORIGINS='https://a.com')",
        "app.config.setdefault('CORS_ORIGINS', 'https://a.com')",
    ] {
        assert_eq!(of(settings, "CORS(app)"), listed, "{settings}");
        assert_eq!(of(settings, "CORS(app, origins='https://b.com')").1, Truth::True, "{settings}");
    }
    let everybody = (Truth::True, Truth::True, 0);
    assert_eq!(of("app.config.update(DEBUG=True)", "CORS(app)"), everybody);
    assert_eq!(of("other.update(CORS_ORIGINS='https://a.com')", "CORS(app)"), everybody);
    let (_, stranger, unread) = of("app.config.from_object('settings')", "CORS(app)");
    assert!(stranger == Truth::Unknown && unread > 0);
    // What is set later, for another application or in other letters is not read.
    for other in [
        "CORS(app)\napp.config['CORS_ORIGINS'] = 'https://a.com'\n",
        "app.config['CORS_origins'] = 'https://a.com'\nCORS(app)\n",
    ] {
        assert_eq!(of(other, "").1, Truth::True, "{other}");
    }
    for unclear in [
        "other.config['CORS_ORIGINS'] = 'https://a.com'",
        "mine = {'CORS_ORIGINS': 'https://a.com'}\napp.config.update(**mine)",
        "b = Flask('b')\napp.config['CORS_ORIGINS'] = 'https://a.com'",
        "def f():\n  app.config['CORS_ORIGINS'] = 'https://a.com'",
        "c = app.config\nc['CORS_ORIGINS'] = '*'",
        "app.config[KEY] = '*'",
        "app.config.update(more)",
        "app.config['CORS_ORIGINS'] = ['https://a.com']\napp.config['CORS_ORIGINS'].append('*')",
        "class Config:\n  CORS_ORIGINS = 'https://a.com'\napp.config.from_object(Config)",
        "if x:\n  app.config.update(CORS_ORIGINS='https://a.com')",
    ] {
        let (_, stranger, unread) = of(unclear, "CORS(app)");
        assert_eq!(stranger, Truth::Unknown, "{unclear}");
        assert!(unread > 0, "{unclear}");
    }
}

#[test]
fn tower_http_samples() {
    let code = "use tower_http::cors::{Any, CorsLayer};\nlet origins = [\n    \"http://example.com\".parse().unwrap(),\n    \"http://api.example.com\".parse().unwrap(),\n];\n\
        let layer = CorsLayer::new().allow_origin(origins);\n";
    let model = read("rust", "main.rs", &format!("fn main() {{ {code} }}"));
    assert_eq!(reads(&model, "http://api.example.com").0, Truth::True);
    assert_eq!(reads(&model, "http://example.org").0, Truth::False);
    let list = "fn f() { let mut o = vec![HeaderValue::from_static(\"https://a.com\")]; CHANGE CorsLayer::new().allow_origin(o) }";
    let kept = list.replace("mut ", "").replace("CHANGE", "look(&o);");
    let kept = read("rust", "main.rs", &kept);
    assert_eq!(reads(&kept, "https://b.com").0, Truth::False);
    for change in ["o.push(more);", "add(&mut o);", "o = more();"] {
        let model = read("rust", "main.rs", &list.replace("CHANGE", change));
        assert_eq!(reads(&model, "https://b.com").0, Truth::Unknown, "{change}");
    }
    let by_hand = "use http::header::ACCESS_CONTROL_ALLOW_ORIGIN;\nfn f() { headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin); }";
    assert_eq!(reads(&read("rust", "main.rs", by_hand), "https://a.com").0, Truth::Unknown);
    let predicate = "fn main() { let layer = CorsLayer::new().allow_origin(AllowOrigin::predicate(\n    |origin: &HeaderValue, _parts: &RequestParts| origin.as_bytes().ends_with(b\".rust-lang.org\"),\n)); }";
    assert_eq!(reads(&read("rust", "main.rs", predicate), "https://a.com").0, Truth::Unknown);
    let aged = "fn main() { CorsLayer::new().max_age(Duration::from_secs(60) * 10) }";
    let model = read("rust", "main.rs", aged);
    let Preflight::Answered(preflight) = &model.scopes[0].preflight else { panic!("unanswered") };
    assert!(matches!(&preflight.max_age, Some(Field { value: Value::Opaque(_), .. })));
}

#[test]
fn actix_cors_sample() {
    let code = "use actix_cors::Cors;\nasync fn main() {\n    HttpServer::new(|| {\n        let cors = Cors::default()\n              .allowed_origin(\"https://www.rust-lang.org\")\n              .allowed_origin_fn(|origin, _req_head| {\n                  origin.as_bytes().ends_with(b\".rust-lang.org\")\n              })\n              .allowed_methods(vec![\"GET\", \"POST\"])\n              .max_age(3600);\n        App::new().wrap(cors)\n    })\n}\n";
    let model = read("rust", "main.rs", code);
    assert_eq!(reads(&model, "https://www.rust-lang.org").0, Truth::True);
    assert_eq!(reads(&model, "https://evil.net").0, Truth::Unknown);
    let without = read("rust", "main.rs", &code.replace(".allowed_origin_fn", ".max_age"));
    assert_eq!(reads(&without, "https://evil.net").0, Truth::False);
    let all = read("rust", "main.rs", "use actix_cors::Cors;\nfn f() { Cors::permissive() }");
    assert_eq!(reads(&all, "https://evil.net"), (Truth::True, Truth::True));
}

#[test]
fn kinds_are_told_by_what_files_say() {
    let kind = |file: &str, text: &str| detect(file, text).map(|system| system.id);
    assert_eq!(kind("src/app.js", "const cors = require('cors')"), Some("express"));
    assert_eq!(kind("src/app.js", "const courses = require('courses')"), None);
    assert_eq!(kind("main.py", "app.add_middleware(CORSMiddleware)"), Some("fastapi"));
    assert_eq!(kind("settings.py", "CORS_ALLOWED_ORIGINS = []"), Some("django"));
    assert_eq!(kind("app.py", "from flask_cors import CORS"), Some("flask-cors"));
    assert_eq!(kind("main.py", "print('hello')"), None);
    assert_eq!(kind("main.rs", "use tower_http::cors::CorsLayer;"), Some("rust"));
    assert_eq!(kind("main.rs", "fn main() {}"), None);
}
