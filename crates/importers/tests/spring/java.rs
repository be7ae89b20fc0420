//! Samples: Spring Framework reference, "CORS"; Spring Security, "CORS".

use super::{EVERYTHING, NOT_KNOWN, NOTHING, PUBLIC, may, model, unread};

const CONTROLLER: &str = r#"
@CrossOrigin(maxAge = 3600)
@RestController
@RequestMapping("/account")
public class AccountController {

	@CrossOrigin("https://domain2.com")
	@GetMapping("/{id}")
	public Account retrieve(@PathVariable Long id) {
		// ...
	}

	@CrossOrigin(originPatterns = {"https://*.domain3.com"}, allowCredentials = "true")
	@DeleteMapping("/{id}")
	public void remove(@PathVariable Long id) {
	}
}
"#;

#[test]
fn annotations() {
    let model = model("AccountController.java", CONTROLLER);
    assert_eq!(may(&model, "@CrossOrigin AccountController", "https://evil.net"), PUBLIC);
    assert_eq!(may(&model, "AccountController.retrieve", "https://domain2.com"), PUBLIC);
    assert_eq!(may(&model, "AccountController.retrieve", "https://evil.net"), NOTHING);
    assert_eq!(may(&model, "AccountController.remove", "https://a.domain3.com"), EVERYTHING);
    assert_eq!(may(&model, "AccountController.remove", "https://domain3.com"), NOTHING);
    assert_eq!(unread(&model), Vec::<&str>::new());
}

#[test]
fn annotations_say_what_they_say() {
    let text = r#"
@CrossOrigin(origins = "https://a.example", allowCredentials = "true")
class A {
    @CrossOrigin(allowCredentials = "", maxAge = -1)
    void kept() {}
    @CrossOrigin(allowCredentials = "false", origins = "https://b.example")
    void changed() {}
}"#;
    let model = model("A.java", text);
    assert_eq!(may(&model, "A.kept", "https://a.example"), EVERYTHING);
    assert_eq!(may(&model, "A.changed", "https://a.example"), PUBLIC);
    assert_eq!(may(&model, "A.changed", "https://b.example"), PUBLIC);
    assert_eq!(may(&model, "A.changed", "https://c.example"), NOTHING);
}

#[test]
fn kotlin_is_listed_as_not_read() {
    let model = model("A.kt", "@CrossOrigin(\"https://a.example\") class A");
    assert_eq!(unread(&model), ["Kotlin code is not read"]);
    assert!(model.scopes.is_empty());
}

const MAPPINGS: &str = r#"
@Configuration
@EnableWebMvc
public class WebConfig implements WebMvcConfigurer {
	private static final String DOMAIN = "https://domain" + "2.com";

	@Override
	public void addCorsMappings(CorsRegistry registry) {

		registry.addMapping("/api/**")
			.allowedOrigins(DOMAIN)
			.allowedMethods("PUT", "DELETE")
			.allowedHeaders("header1", "header2", "header3")
			.exposedHeaders("header1", "header2")
			.allowCredentials(true).maxAge(3600);

		registry.addMapping("/open/**");
		registry.addMapping("/env/**").allowedOrigins(env.getProperty("origins")).allowCredentials(true);
		registry.addMapping("/star/**").allowedOriginPatterns("*").allowCredentials(true);
	}
}
"#;

#[test]
fn mappings() {
    let model = model("WebConfig.java", MAPPINGS);
    assert_eq!(may(&model, "/api/**", "https://domain2.com"), EVERYTHING);
    assert_eq!(may(&model, "/api/**", "https://domain1.com"), NOTHING);
    assert_eq!(may(&model, "/open/**", "https://evil.net"), PUBLIC);
    assert_eq!(may(&model, "/env/**", "https://evil.net"), NOT_KNOWN);
    assert_eq!(may(&model, "/star/**", "https://evil.net"), EVERYTHING);
    assert_eq!(unread(&model), ["`env.getProperty(\"origins\")` is computed"]);
}

const OBJECTS: &str = r#"
public class CorsConfig {
	@Bean
	CorsWebFilter corsFilter() {
		CorsConfiguration config = new CorsConfiguration();

		// Possibly...
		// config.applyPermitDefaultValues()

		config.setAllowCredentials(true);
		config.addAllowedOrigin("https://domain1.com");
		config.addAllowedHeader("*");
		config.addAllowedMethod("*");

		UrlBasedCorsConfigurationSource source = new UrlBasedCorsConfigurationSource();
		source.registerCorsConfiguration("/**", config);
		return new CorsWebFilter(source);
	}

	@Bean
	UrlBasedCorsConfigurationSource corsConfigurationSource() {
		CorsConfiguration configuration = new CorsConfiguration();
		configuration.setAllowedOrigins(Arrays.asList("https://example.com"));
		configuration.setAllowedMethods(Arrays.asList("GET", HttpMethod.POST.name()));
		if (development) {
			configuration.addAllowedOriginPattern("http://localhost:[*]");
		}
		UrlBasedCorsConfigurationSource source = new UrlBasedCorsConfigurationSource();
		source.registerCorsConfiguration("/dev/**", configuration);
		return source;
	}

	void lambda(HttpSecurity http) {
		http.cors(cors -> cors.configurationSource(request -> {
			var config = new CorsConfiguration().applyPermitDefaultValues();
			config.setAllowedOriginPatterns(List.of("https://*.example.com"));
			return config;
		}));
		source.registerCorsConfiguration("/defaults", new CorsConfiguration().applyPermitDefaultValues());
	}

	void elsewhere(CorsConfiguration given) {
		given.setAllowedOrigins(List.of("*"));
		CorsConfiguration handed = new CorsConfiguration();
		customizer.customize(handed);
		source.registerCorsConfiguration("/handed", handed);
		response.setHeader("Access-Control-Allow-Origin", "*");
	}
}
"#;

#[test]
fn objects() {
    let model = model("CorsConfig.java", OBJECTS);
    assert_eq!(may(&model, "Configuration /**", "https://domain1.com"), EVERYTHING);
    assert_eq!(may(&model, "Configuration /**", "https://domain2.com"), NOTHING);
    assert_eq!(may(&model, "/dev/**", "https://example.com"), PUBLIC);
    assert_eq!(may(&model, "/dev/**", "http://localhost:3000").0, corsac_analysis::model::Truth::Unknown);
    assert_eq!(may(&model, "/defaults", "https://evil.net"), PUBLIC);
    assert_eq!(may(&model, "/handed", "https://evil.net"), NOT_KNOWN);
    let lambda = model.scopes.iter().position(|scope| scope.name == "CorsConfiguration").unwrap();
    let answer = &model.scopes[lambda].actual;
    let omitted = corsac_analysis::model::Credentials::Omitted;
    assert_eq!(answer.lets_read("https://a.example.com", omitted), corsac_analysis::model::Truth::True);
    assert_eq!(answer.lets_read("https://example.net", omitted), corsac_analysis::model::Truth::False);
    let expected = [
        "the call depends on a condition or loop",
        "`handed` is handed to other code",
        "`setAllowedOrigins` is called on an object that is not followed",
        "code sets `Access-Control-Allow-Origin` by itself",
    ];
    assert_eq!(unread(&model), expected);
}

#[test]
fn what_becomes_of_an_object_decides_whether_it_is_known() {
    let known = [
        "void a() { source.registerCorsConfiguration(\"/\", new CorsConfiguration()); }",
        "CorsConfiguration a() { return new CorsConfiguration(); }",
        "void a() { CorsConfiguration c = new CorsConfiguration(); c.getAllowedOrigins(); }",
    ];
    let opaque = [
        "void a() { CorsConfiguration c = x ? new CorsConfiguration() : null; c.addAllowedOrigin(\"*\"); }",
        "void a() { fill(new CorsConfiguration()); }",
        "void a() { use(new CorsConfiguration() {{ addAllowedOrigin(\"*\"); }}); }",
        "CorsConfiguration c = new CorsConfiguration(); void a() { this.c.addAllowedOrigin(\"*\"); }",
        "CorsConfiguration c; A() { c = new CorsConfiguration(); } void a() { c.addAllowedOrigin(\"*\"); }",
        "CorsConfiguration c; A() { this.c = new CorsConfiguration(); } void a() { this.c.addAllowedOrigin(\"*\"); }",
        "void a() { for (String o : all) { CorsRegistration r = registry.addMapping(o); fill(r); } }",
        "void a() { fill(registry.addMapping(\"/\")); /* CorsRegistry */ }",
    ];
    for (expected, bodies) in [(NOTHING, known.as_slice()), (NOT_KNOWN, &opaque)] {
        for body in bodies {
            let text = format!("class A {{ {body} /* CorsRegistry */ }}");
            let model = model("A.java", &text);
            let answer = &model.scopes[0].actual;
            let omitted = answer.lets_read("https://a.example", corsac_analysis::model::Credentials::Omitted);
            assert_eq!(omitted, expected.0, "{body}: {:?}", unread(&model));
        }
    }
}

#[test]
fn hostile_code_ends() {
    let deep =
        format!("class CorsConfiguration {{ int a = {}1{}; }}", "(".repeat(10_000), ")".repeat(10_000));
    let chained = format!(
        "class A {{ void a() {{ registry.addMapping(\"/\"){}; }} }}",
        ".allowedOrigins(\"a\")".repeat(5_000)
    );
    let many = format!("class A {{ void a() {{ {} }} }}", "var c = new CorsConfiguration();".repeat(5_000));
    let broken = "@CrossOrigin({(\"".repeat(20_000);
    let joined = format!("@CrossOrigin({}) class A {{}}", vec!["\"a\""; 10_000].join("+"));
    for text in [deep, chained, many, broken, joined, "CrossOrigin\u{0}\u{feff}é".repeat(10_000)] {
        let source = corsac_diagnostics::Source::new("A.java", text);
        let _ = corsac_importers::import(corsac_importers::System::by_id("spring").unwrap(), source, &());
    }
    let long = corsac_diagnostics::Source::new("A.java", "CrossOrigin ".repeat(1 << 17));
    let read = corsac_importers::import(corsac_importers::System::by_id("spring").unwrap(), long, &());
    assert_eq!(read.unwrap_err().reason, "code of more than 1 MiB is not read");
}

/// What neither annotation says stands at the class, where it can be said for all.
#[test]
fn a_default_of_two_annotations_stands_at_the_outer_one() {
    let text = "@CrossOrigin(maxAge = 1)\nclass A {\n    @CrossOrigin(\"https://two.example\")\n    void one() {}\n}\n";
    let place = |text: &str| {
        let model = crate::read("A.java", text);
        let scope = model.scopes.iter().find(|scope| scope.name.ends_with("A.one")).unwrap();
        let corsac_analysis::model::Preflight::Answered(answer) = &scope.preflight else { panic!() };
        answer.allow_headers.as_ref().unwrap().place.as_ref().unwrap().span.start
    };
    assert_eq!(place(text), 0);
    let alone = text.replace("@CrossOrigin(maxAge = 1)", "");
    assert_eq!(Some(place(&alone)), alone.find("@CrossOrigin"));
}

#[test]
fn placeholders_of_annotations_are_filled_in_and_those_of_code_are_not() {
    for member in
        ["origins = \"${app.origin:*}\"", "originPatterns = \"${pattern}\"", "origins = \"#{bean.origin}\""]
    {
        let text = format!("@CrossOrigin({member}, allowCredentials = \"true\")\nclass A {{}}");
        let model = model("A.java", &text);
        assert_eq!(may(&model, "@CrossOrigin A", "https://a.com"), NOT_KNOWN, "{member}");
        assert_eq!(unread(&model).len(), 1, "{member}");
    }
    let literal = "class A { void f(CorsRegistry r) { r.addMapping(\"/**\").allowedOrigins(\"${x}\"); } }";
    assert_eq!(may(&model("A.java", literal), "addMapping", "https://a.com"), NOTHING);
}

#[test]
fn origins_of_web_sockets_are_listed() {
    let handler =
        |calls: &str| format!("class A {{ void f(StompEndpointRegistry registry) {{ {calls}; }} }}");
    for calls in [
        "registry.addEndpoint(\"/ws\").setAllowedOriginPatterns(\"*\").withSockJS()",
        "registry.addHandler(handler(), \"/ws\").addInterceptors(i).setAllowedOrigins(\"*\")",
    ] {
        let model = model("A.java", &handler(calls));
        let told = unread(&model);
        assert!(told.len() == 1 && told[0].contains("may open a WebSocket"), "{told:?}");
    }
    let model = model("A.java", &handler("other.setAllowedOrigins(\"*\")"));
    assert_eq!(unread(&model), ["`setAllowedOrigins` is called on an object that is not followed"]);
}

#[test]
fn what_a_test_expects_is_not_set() {
    let class = "class A { void f() { x.andExpect(header().exists(\"Access-Control-Allow-Origin\")); } }";
    let test = format!("import org.junit.jupiter.api.Test;\n{class}");
    assert_eq!(unread(&model("A.java", &test)), Vec::<&str>::new());
    assert_eq!(unread(&model("A.java", class)).len(), 1);
}

#[test]
fn elements_of_xml_are_listed() {
    let text =
        "<beans>\n<mvc:cors>\n<mvc:mapping path=\"/**\" allowed-origins=\"*\"/>\n</mvc:cors>\n</beans>";
    let model = model("mvc.xml", text);
    assert_eq!(unread(&model), ["`mvc:cors` in XML is not read"]);
    assert_eq!(
        model.unread[0].place.as_ref().and_then(|place| text.get(place.span.clone())),
        Some("<mvc:cors>")
    );
}

#[test]
fn what_is_combined_is_told_once() {
    let class = |body: &str| format!("class A {{ void f(CorsRegistry registry) {{ {body} }} }}");
    let other = "CorsConfiguration other = new CorsConfiguration(); other.addAllowedOrigin(\"*\");";
    let combined = model("A.java", &class(&format!("{other} registry.addMapping(\"/**\").combine(other);")));
    assert_eq!(may(&combined, "addMapping /**", "https://a.com"), NOT_KNOWN);
    assert_eq!(combined.scopes.len(), 1);
    assert_eq!(unread(&combined), Vec::<&str>::new());
    let both = format!(
        "{other} registry.addMapping(\"/a\").combine(other); s.registerCorsConfiguration(\"/b\", other);"
    );
    let both = model("A.java", &class(&both));
    assert_eq!(both.scopes.len(), 2);
    assert_eq!(may(&both, "registerCorsConfiguration /b", "https://a.com"), PUBLIC);
    let returned = model("A.java", &class(&format!("{other} a.combine(other); return other;")));
    assert_eq!(returned.scopes.len(), 1);
}

#[test]
fn what_is_made_elsewhere_is_not_known() {
    let read = |body: &str| {
        let text = format!("import org.springframework.web.cors.CorsConfiguration;\nclass A {{ {body} }}");
        let model = model("A.java", &text);
        let omitted = corsac_analysis::model::Credentials::Omitted;
        let scopes = model.scopes.iter().map(|scope| scope.actual.lets_read("https://a.example", omitted));
        (scopes.collect::<Vec<_>>(), unread(&model).len())
    };
    for elsewhere in ["props.getCors()", "cors", "this.cors", "make(1)"] {
        let body = format!("void a() {{ source.registerCorsConfiguration(\"/**\", {elsewhere}); }}");
        assert_eq!(read(&body), (vec![NOT_KNOWN.0], 1), "{elsewhere}");
    }
    let made = "void a() { source.registerCorsConfiguration(\"/**\", make()); } \
                CorsConfiguration make() { CorsConfiguration c = new CorsConfiguration(); c.addAllowedOrigin(\"*\"); return c; }";
    assert_eq!(read(made), (vec![PUBLIC.0], 0));
}

#[test]
fn methods_that_are_imported_are_constants() {
    let of = |import: &str| {
        let text = format!(
            "import static org.springframework.web.bind.annotation.{import};\n@CrossOrigin(methods = {{ GET }})\nclass A {{}}"
        );
        unread(&model("A.java", &text)).len()
    };
    assert_eq!(of("RequestMethod.*"), 0);
    assert_eq!(of("RequestMethod.GET"), 0);
    assert_eq!(of("RequestMethod.PUT"), 1);
}

#[test]
fn a_variable_that_gets_another_object_is_told_by_the_last() {
    const FIRST: &str = "CorsConfiguration c = new CorsConfiguration(); c.addAllowedOrigin(\"*\");";
    const SECOND: &str = "c = new CorsConfiguration(); c.addAllowedOrigin(\"https://a.example\");";
    const BOTH: &str = "s.registerCorsConfiguration(\"/b\", c);";
    let read = |body: &str| model("A.java", &format!("class A {{ Object f() {{ {body} }} }}"));
    let last = read(&format!("{FIRST} {SECOND} {BOTH}"));
    assert_eq!(last.scopes.len(), 1);
    assert_eq!(unread(&last), Vec::<&str>::new());
    assert_eq!(may(&last, "/b", "https://a.example"), PUBLIC);
    assert_eq!(may(&last, "/b", "https://b.example"), NOTHING);
    let each = read(&format!("{FIRST} s.registerCorsConfiguration(\"/a\", c); {SECOND} {BOTH}"));
    assert_eq!(each.scopes.len(), 2);
    assert_eq!(may(&each, "/a", "https://b.example"), PUBLIC);
    assert_eq!(may(&each, "/b", "https://b.example"), NOTHING);
    // Where it may keep the first, nothing is known of the first.
    let perhaps = read(&format!("{FIRST} if (x) {{ {SECOND} }} {BOTH}"));
    assert_eq!(unread(&perhaps), ["`c` is assigned again", "the call depends on a condition or loop"]);
    assert_eq!(may(&perhaps, "/b", "https://b.example").0, NOT_KNOWN.0);
    // The other branch is for another object.
    let branches = read(&format!(
        "CorsConfiguration c; if (x) {{ {SECOND} }} else {{ c.addAllowedOrigin(\"*\"); }} {BOTH}"
    ));
    assert_eq!(may(&branches, "/b", "https://b.example").0, NOT_KNOWN.0);
    // A field may be changed by other methods.
    let field = model(
        "A.java",
        &format!(
            "class A {{ CorsConfiguration c; void f() {{ {} {BOTH} }} }}",
            SECOND.replace("c.", "this.c.")
        ),
    );
    assert_eq!(may(&field, "/b", "https://a.example").0, NOT_KNOWN.0);
}
