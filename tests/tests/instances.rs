//! Several servers over one store: each request of a person goes to another, and nobody notices.
use tests::*;

#[tokio::test] // R2, R3
async fn the_requests_of_one_person_are_spread_over_three_servers() {
    let server = Server::start().await;
    let (second, third) = (server.beside().await, server.beside().await);
    let [a, b, c] = [&server, &second, &third].map(Server::api);
    let ann = Person::new("ann");

    let id = a.register(&ann).await.expect(202).word("registration_id");
    let code = server.postbox().code_for(&ann.email).await;
    b.confirm(&id, other_than(&code).as_str()).await.refused(400, "invalid_code");
    let _ = c.confirm(&id, &code).await.expect(201);
    server.postbox().next_for(&ann.email).await;

    let tokens = Tokens::from(&b.login(&ann.login, &ann.password).await.expect(200));
    let _ = c.me(&tokens.access).await.expect(200);
    let turned = Tokens::from(&a.refresh(&tokens.refresh).await.expect(200));
    let raced = Tokens::from(&c.refresh(&tokens.refresh).await.expect(200));
    assert_eq!(raced.refresh, turned.refresh, "two tabs at two servers get the one successor");
    let other = Tokens::from(&c.login(&ann.email, &ann.password).await.expect(200));
    let listed = b.sessions(&turned.access).await.expect(200);
    assert_eq!(listed.body["sessions"].as_array().map(Vec::len), Some(2), "{listed}");

    let id = a.forgot(&ann.email).await.expect(202).word("reset_id");
    let code = server.postbox().code_for(&ann.email).await;
    let new = "nine brass window latches";
    let _ = b.reset(&id, &code, new).await.expect(200);
    c.reset(&id, &code, new).await.refused(400, "invalid_code");
    for (api, tokens) in [(a, &turned), (c, &other)] {
        api.me(&tokens.access).await.refused(401, "invalid_token");
    }
    b.login(&ann.login, &ann.password).await.refused(401, "invalid_credentials");
    let tokens = Tokens::from(&c.login(&ann.login, new).await.expect(200));
    let _ = a.logout(&tokens.access).await.expect(200);
    b.me(&tokens.access).await.refused(401, "invalid_token");
    let _ = c.refresh(&tokens.refresh).await.expect(401);
}

#[tokio::test] // R2
async fn of_many_at_three_servers_one_gets_the_login() {
    let server = Server::start().await;
    let (second, third) = (server.beside().await, server.beside().await);
    let mut asked = Vec::new();
    for n in 0..6 {
        let person = Person { email: format!("ann-{n}@example.org"), ..Person::new("ann") };
        asked.push(person.ask_to_register(&server).await);
    }
    let apis = [&server, &second, &third].map(Server::another_api);
    let answers = together(asked.len(), |n| {
        let (api, (id, code)) = (apis[n % 3].clone(), asked[n].clone());
        async move { api.confirm(&id, &code).await.status }
    })
    .await;
    let told = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!((told(201), told(409)), (1, 5), "{answers:?}");
}
