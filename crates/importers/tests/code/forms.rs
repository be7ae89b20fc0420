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
    let reason = "Flask-CORS has no option `support_credentials`: did you mean `supports_credentials`?";
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
