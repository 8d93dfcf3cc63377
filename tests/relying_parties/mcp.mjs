// @modelcontextprotocol/sdk (npm): a client that knows nothing but the URL of an MCP server finds the authorization server,
// registers itself, or says who it is at an address that is its name, brings a person there, and calls a tool with the token. The MCP server checks it by the published keys.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { Browser } from './browser.mjs';

const { ISSUER, LOGIN, PASSWORD, MCP_RESOURCE, CLIENT_DOCUMENT } = process.env;
const resource = new URL(MCP_RESOURCE);
const callback = 'http://127.0.0.1/callback';

// The MCP server: a protected resource (RFC 9728).
const keys = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`));
const metadata = `${resource.origin}/.well-known/oauth-protected-resource${resource.pathname}`;
const server = createServer(async (request, response) => {
  if (request.url === new URL(metadata).pathname) {
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify({
      resource: MCP_RESOURCE, authorization_servers: [ISSUER], scopes_supported: ['tools'],
    }));
  }
  const token = request.headers.authorization?.replace(/^Bearer /, '');
  const checked = token && (await jwtVerify(token, keys, { issuer: ISSUER, audience: MCP_RESOURCE, typ: 'at+jwt' }));
  if (!checked?.payload.scope.split(' ').includes('tools')) {
    response.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${metadata}"` });
    return response.end();
  }
  const mcp = new McpServer({ name: 'one tool', version: '1' });
  mcp.registerTool('whoami', {}, async () => ({ content: [{ type: 'text', text: checked.payload.sub }] }));
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  await mcp.connect(transport);
  await transport.handleRequest(request, response);
});
await new Promise((resolve) => server.listen(Number(resource.port), resource.hostname, resolve));

// The MCP client, with nothing but the URL.
const kept = {};
const provider = {
  redirectUrl: callback,
  clientMetadataUrl: CLIENT_DOCUMENT,
  clientMetadata: { client_name: 'An MCP client', redirect_uris: [callback], token_endpoint_auth_method: 'none' },
  clientInformation: () => kept.client,
  saveClientInformation: (client) => { kept.client = client; },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => { kept.tokens = tokens; },
  saveCodeVerifier: (verifier) => { kept.verifier = verifier; },
  codeVerifier: () => kept.verifier,
  redirectToAuthorization: (url) => { kept.url = url; },
};
const first = new StreamableHTTPClientTransport(resource, { authProvider: provider });
await assert.rejects(new Client({ name: 'client', version: '1' }).connect(first), UnauthorizedError);
assert.equal(kept.url.searchParams.get('resource'), MCP_RESOURCE);
if (CLIENT_DOCUMENT) assert.equal(kept.url.searchParams.get('client_id'), CLIENT_DOCUMENT);
const answer = await new Browser({ login: LOGIN, password: PASSWORD }).bring(kept.url, callback);
await first.finishAuth(answer.url.searchParams.get('code'));

const client = new Client({ name: 'client', version: '1' });
await client.connect(new StreamableHTTPClientTransport(resource, { authProvider: provider }));
const told = await client.callTool({ name: 'whoami', arguments: {} });
assert.match(told.content[0].text, /^[0-9a-f]{32}$/);
await client.close();
server.closeAllConnections();
server.close();
console.log('MCP SDK: ok');
