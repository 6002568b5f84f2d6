// Who may do what: tokens, service keys, scopes and the admin's token of the task server.
import assert from 'node:assert/strict';
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SignJWT, exportJWK } from 'jose';
import { HttpClient } from '../support/http.mjs';
import { temporaryDirectory } from '../support/leftovers.mjs';
import { run } from '../support/server.mjs';
import { Tasks, event, startTasks } from '../support/tasks.mjs';

const SECRET = 'a secret that is long enough for HS512, which wants sixty-four bytes of it';
const secretKey = createSecretKey(Buffer.from(SECRET));
const now = () => Math.floor(Date.now() / 1000);

function token(claims, { key = secretKey, alg = 'HS256', header = {} } = {}) {
  return new SignJWT(claims).setProtectedHeader({ alg, ...header }).sign(key);
}
const jwtEnv = { TASKCAST_AUTH_MODE: 'jwt', TASKCAST_JWT_SECRET: SECRET };
const bearer = (text) => ({ authorization: `Bearer ${text}` });
const everything = { sub: 'a', scope: ['*'] };

describe('tokens', () => {
  let server;
  before(async () => (server = await startTasks({ env: jwtEnv })));
  after(() => server.stop());
  const as = async (claims, options) => new Tasks(server.url, bearer(await token(claims, options)));
  const status = async (claims, options) => (await (await as(claims, options)).get('/tasks')).status;

  test('without one nobody comes in, not even to what there is not', async () => {
    const { tasks } = server;
    for (const [method, path] of [['GET', '/tasks'], ['GET', '/tasks/x/nothing'], ['GET', '/events'],
      ['GET', '/events/x'], ['GET', '/workers'], ['DELETE', '/workers/x'], ['POST', '/tasks']]) {
      const reply = await tasks.call(method, path);
      assert.deepEqual([reply.status, reply.json], [401, { error: 'Missing Bearer token' }], path);
    }
    for (const path of ['/', '/health', '/health/ready', '/health/detail', '/openapi.json', '/docs'])
      assert.equal((await tasks.get(path)).status, 200, path);
    assert.equal((await tasks.get(`/tasks?token=${await token(everything)}`)).status, 401);
  });

  test('a header that is none', async () => {
    const good = await token(everything);
    for (const header of ['', good, `bearer ${good}`, `Basic ${good}`, `Bearer${good}`]) {
      const { status: code, json } = await new HttpClient(server.url).get('/tasks', { authorization: header });
      assert.deepEqual([code, json], [401, { error: 'Missing Bearer token' }], header.slice(0, 10));
    }
    for (const text of ['', 'x', 'a.b.c', `${good}x`, ` ${good}`]) {
      const { status: code, json } = await new HttpClient(server.url).get('/tasks', { authorization: `Bearer ${text}` });
      assert.equal(code, 401);
      if (text) assert.deepEqual(json, { error: 'Invalid or expired token' });
    }
  });

  test('its times are looked at, without leeway (D-12)', async () => {
    assert.equal(await status({ ...everything, exp: now() + 60 }), 200);
    assert.equal(await status(everything), 200);
    assert.equal(await status({ ...everything, exp: now() - 1 }), 401);
    assert.equal(await status({ ...everything, nbf: now() + 60 }), 401);
  });

  test('its algorithm is the one of the settings (D-12)', async () => {
    assert.equal(await status(everything, { alg: 'HS512' }), 401);
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(everything)).toString('base64url')}.`;
    assert.equal((await new Tasks(server.url, bearer(none)).get('/tasks')).status, 401);
    assert.equal(await status(everything, { key: createSecretKey(Buffer.from('another secret, also long enough')) }), 401);
  });

  test('claims of another kind than they have to be are refused, unknown scopes ignored (D-13, D-14)', async () => {
    assert.equal(await status({ scope: ['event:subscribe', 'no:such'] }), 200);
    assert.equal(await status({ scope: '*' }), 401);
    assert.equal(await status({ ...everything, taskIds: 't' }), 401);
    assert.equal(await status({ ...everything, taskIds: '*' }), 200);
    assert.equal(await status({ sub: 'a' }), 403);
  });

  test('each route needs its scope, and those of one task the task', async () => {
    const admin = await as(everything);
    const id = await admin.running();
    const routes = [
      ['task:create', 'POST', '/tasks', {}],
      ['event:subscribe', 'GET', '/tasks'],
      ['event:subscribe', 'GET', `/tasks/${id}`, undefined, true],
      ['task:manage', 'PATCH', `/tasks/${id}/status`, { status: 'pending' }, true],
      ['event:publish', 'POST', `/tasks/${id}/events`, event(1), true],
      ['event:history', 'GET', `/tasks/${id}/events/history`, undefined, true],
      ['event:history', 'GET', `/tasks/${id}/archive`, undefined, true],
      ['task:resolve', 'GET', `/tasks/${id}/request`, undefined, true],
      ['task:resolve', 'POST', `/tasks/${id}/resolve`, {}, true],
      ['task:manage', 'POST', `/tasks/${id}/storage/release`, { expectedLastEventIndex: 0, inactiveSince: 0 }, true],
    ];
    for (const [scope, method, path, body, isOfTask] of routes) {
      const denied = await (await as({ scope: ['x'] })).call(method, path, body);
      assert.deepEqual([denied.status, denied.json], [403, { error: 'Forbidden' }], path);
      const allowed = await (await as({ scope: [scope] })).call(method, path, body);
      assert.notEqual(allowed.status, 403, path);
      const other = await (await as({ scope: [scope], taskIds: ['other'] })).call(method, path, body);
      assert.equal(other.status === 403, Boolean(isOfTask), path);
      const its = await (await as({ scope: [scope], taskIds: [id] })).call(method, path, body);
      assert.notEqual(its.status, 403, path);
    }
    const stream = await (await as({ scope: ['x'] })).follow(id);
    assert.equal(stream.status, 403);
    const archive = (await admin.get(`/tasks/${id}/archive`)).json;
    assert.equal((await (await as({ scope: ['x'] })).post('/tasks/import', { archive })).status, 403);
  });

  test('a body that is wrong is told before that the caller may not', async () => {
    const nobody = await as({ scope: [] });
    assert.equal((await nobody.create({ ttl: 0 })).status, 400);
    assert.equal((await nobody.become('x', 'no')).status, 400);
    assert.equal((await nobody.publish('x', {})).status, 400);
  });
});

describe('keys', () => {
  const pairs = {
    RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    PS384: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    ES512: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
    EdDSA: generateKeyPairSync('ed25519'),
  };
  for (const [alg, { publicKey, privateKey }] of Object.entries(pairs))
    test(`of ${alg}, by PEM text, PEM file and key set`, async () => {
      const pem = publicKey.export({ type: 'spki', format: 'pem' });
      const dir = temporaryDirectory();
      writeFileSync(join(dir, 'key.pem'), pem);
      writeFileSync(join(dir, 'keys.json'), JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] }));
      const places = [{ TASKCAST_JWT_PUBLIC_KEY: pem }, { TASKCAST_JWT_PUBLIC_KEY_FILE: join(dir, 'key.pem') },
        { TASKCAST_JWT_PUBLIC_KEY_FILE: join(dir, 'keys.json') }];
      for (const env of places) {
        const server = await startTasks({ env: { TASKCAST_AUTH_MODE: 'jwt', TASKCAST_JWT_ALGORITHM: alg, ...env } });
        const good = await token(everything, { key: privateKey, alg, header: { kid: 'k' } });
        assert.equal((await new Tasks(server.url, bearer(good)).get('/tasks')).status, 200);
        const forged = `${good.slice(0, -8)}AAAAAAAA`;
        assert.equal((await new Tasks(server.url, bearer(forged)).get('/tasks')).status, 401);
        const confused = await token(everything, { key: createSecretKey(Buffer.from(pem)) });
        assert.equal((await new Tasks(server.url, bearer(confused)).get('/tasks')).status, 401);
        await server.stop();
      }
    });

  test('issuer and audience are looked at where they are set', async () => {
    const server = await startTasks({ env: { ...jwtEnv, TASKCAST_JWT_ISSUER: 'acme', TASKCAST_JWT_AUDIENCE: 'tasks' } });
    const status = async (claims) => (await new Tasks(server.url, bearer(await token({ ...everything, ...claims }))).get('/tasks')).status;
    assert.equal(await status({ iss: 'acme', aud: 'tasks' }), 200);
    assert.equal(await status({ iss: 'acme', aud: ['x', 'tasks'] }), 200);
    assert.equal(await status({ iss: 'other', aud: 'tasks' }), 401);
    assert.equal(await status({ iss: 'acme', aud: 'x' }), 401);
    assert.equal(await status({}), 401);
    await server.stop();
  });

  test('a setting that cannot be is told at the start, in one line (D-43)', async () => {
    for (const [env, text] of [
      [{ TASKCAST_AUTH_MODE: 'custom' }, /auth\.mode must be none or jwt, not "custom"/],
      [{ TASKCAST_AUTH_MODE: 'jwt' }, /auth\.jwt\.secret, publicKey or publicKeyFile/],
      [{ ...jwtEnv, TASKCAST_JWT_ALGORITHM: 'HS1' }, /auth\.jwt\.algorithm "HS1" is unknown/],
      [{ ...jwtEnv, TASKCAST_JWT_ALGORITHM: 'RS256' }, /auth\.jwt/],
      [{ TASKCAST_AUTH_MODE: 'jwt', TASKCAST_JWT_ALGORITHM: 'RS256', TASKCAST_JWT_PUBLIC_KEY_FILE: '/no/key' }, /\/no\/key/],
    ]) {
      const { code, stdout, stderr } = await run(['tasks', 'start', '--port', '0'], { env });
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, /^sightline: [^\n]+\n$/);
      assert.match(stderr, text);
    }
  });
});

describe('service keys', () => {
  const config = (more) => {
    const file = join(temporaryDirectory(), 'taskcast.config.json');
    writeFileSync(file, JSON.stringify({
      trustedServices: [{ name: 'worker', key: '${WORKER_KEY}', scope: ['event:publish'], taskIds: ['t'] },
        { name: 'all', key: 'k2', scope: ['*'] }],
      ...more,
    }));
    return { args: ['--config', file], env: { WORKER_KEY: 'k1' } };
  };
  const withKey = (url, key, more = {}) => new Tasks(url, { 'x-taskcast-service-key': key, ...more });

  test('come before tokens and do not fall back to them', async () => {
    const server = await startTasks(config({ auth: { mode: 'jwt', jwt: { secret: SECRET } } }));
    const all = withKey(server.url, 'k2');
    await all.running({ id: 't' });
    assert.equal((await withKey(server.url, 'k1').publish('t', event(1))).status, 201);
    assert.equal((await withKey(server.url, 'k1').publish('u', event(1))).status, 403);
    assert.equal((await withKey(server.url, 'k1').get('/tasks')).status, 403);
    const unknown = await withKey(server.url, 'no', bearer(await token(everything))).get('/tasks');
    assert.deepEqual([unknown.status, unknown.json], [401, { error: 'Invalid service key' }]);
    assert.equal((await new Tasks(server.url, bearer(await token(everything))).get('/tasks')).status, 200);
    await server.stop();
  });

  test('are looked at without tokens too (D-33), and ignored where none is trusted', async () => {
    const server = await startTasks(config({}));
    assert.equal((await server.tasks.get('/tasks')).status, 200);
    assert.equal((await withKey(server.url, 'no').get('/tasks')).status, 401);
    await server.stop();
    const open = await startTasks();
    assert.equal((await withKey(open.url, 'no').get('/tasks')).status, 200);
    await open.stop();
  });
});

describe('the admin token', () => {
  const start = (more) => {
    const file = join(temporaryDirectory(), 'taskcast.config.yaml');
    writeFileSync(file, more);
    return startTasks({ args: ['--config', file] });
  };
  const ask = (server, body) => server.tasks.post('/admin/token', body);

  test('makes tokens, of the scopes and for the time that are asked for', async () => {
    const server = await start(`adminApi: true\nadminToken: boss\nauth: {mode: jwt, jwt: {secret: "${SECRET}", issuer: acme}}\n`);
    const { status, json } = await ask(server, { adminToken: 'boss', scopes: ['task:create'], expiresIn: 60 });
    assert.equal(status, 200);
    assert.ok(Math.abs(json.expiresAt - now() - 60) <= 2);
    const claims = JSON.parse(Buffer.from(json.token.split('.')[1], 'base64url'));
    assert.deepEqual([claims.sub, claims.scope, claims.taskIds, claims.exp], ['admin', ['task:create'], '*', json.expiresAt]);
    const limited = new Tasks(server.url, bearer(json.token));
    assert.equal((await limited.create()).status, 201);
    assert.equal((await limited.get('/tasks')).status, 403);
    for (const odd of [{ expiresIn: 'x' }, { expiresIn: -1 }, { scopes: 'x' }]) { // D-27
      const reply = (await ask(server, { adminToken: 'boss', ...odd })).json;
      assert.ok(Math.abs(reply.expiresAt - now() - 86400) <= 2);
      assert.equal((await new Tasks(server.url, bearer(reply.token)).get('/tasks')).status, 200);
    }
    for (const wrong of [{}, { adminToken: '' }, { adminToken: 7 }, { adminToken: 'bos' }, null]) {
      const reply = await ask(server, wrong);
      assert.deepEqual([reply.status, reply.json], [401, { error: 'Invalid admin token' }]);
    }
    const bad = await server.tasks.client.request('POST', '/admin/token', { body: '{' });
    assert.deepEqual([bad.status, bad.json], [400, { error: 'Invalid request body' }]);
    await server.stop();
  });

  test('is off by default, empty without tokens, and made where none is set', async () => {
    const off = await startTasks();
    assert.deepEqual((await ask(off, { adminToken: 'x' })).json, { error: 'Not found' });
    await off.stop();
    const server = await start('adminApi: true\n');
    const [, made] = /Admin token \(auto-generated\): ([0-9A-Z]{26})\n/.exec(server.output());
    const { status, json } = await ask(server, { adminToken: made });
    assert.deepEqual([status, json.token], [200, '']);
    await server.stop();
  });
});

test('an empty variable does not switch tokens off', async () => {
  const file = join(temporaryDirectory(), 'taskcast.config.yaml');
  writeFileSync(file, `auth: {mode: jwt, jwt: {secret: "${SECRET}"}}\n`);
  const server = await startTasks({ args: ['--config', file], env: { TASKCAST_AUTH_MODE: '' } });
  assert.equal((await server.tasks.get('/tasks')).status, 401);
  await server.stop();
});

test('other origins are let in where the settings say so (D-24)', async () => {
  const file = join(temporaryDirectory(), 'taskcast.config.yaml');
  writeFileSync(file, 'cors: {origins: ["http://page"]}\n');
  const server = await startTasks({ args: ['--config', file] });
  const client = new HttpClient(server.url);
  const preflight = await client.request('OPTIONS', '/tasks', { headers: { origin: 'http://page', 'access-control-request-method': 'PATCH' } });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers['access-control-allow-methods'], /PATCH/);
  assert.match(preflight.headers['access-control-allow-headers'], /x-taskcast-service-key/i);
  const allowed = await client.post('/tasks', {}, { origin: 'http://page' });
  assert.deepEqual([allowed.status, allowed.headers['access-control-allow-origin']], [201, 'http://page']);
  assert.equal((await client.post('/tasks', {}, { origin: 'http://evil' })).status, 403);
  await server.stop();
  writeFileSync(file, 'cors: {origins: "*"}\n');
  const open = await startTasks({ args: ['--config', file] });
  const any = await new HttpClient(open.url).get('/tasks', { origin: 'http://evil' });
  assert.equal(any.headers['access-control-allow-origin'], '*');
  await open.stop();
});

test('an address that others reach is refused without tokens', async () => {
  const { code, stderr } = await run(['tasks', 'start', '--port', '0', '--host', '0.0.0.0']);
  assert.equal(code, 2);
  assert.match(stderr, /TASKCAST_AUTH_MODE/);
});
