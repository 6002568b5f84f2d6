// Project and branch of a session are taken over by the events that name none.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { unique } from '../support/monitor.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();

for (const field of ['project', 'branch']) {
  describe(`the ${field} of an event`, () => {
    test('that names none is that of its session', async () => {
      const [session_id, value] = [unique('session'), unique(field)];
      await monitor.send({ session_id, [field]: value });
      assert.equal((await monitor.stored({ session_id }))[field], value);
    });

    test('that names its own is its own', async () => {
      const [session_id, value] = [unique('session'), unique(field)];
      await monitor.send({ session_id, [field]: unique(field) });
      assert.equal((await monitor.stored({ session_id, [field]: value }))[field], value);
    });

    test('that names none is the one named last', async () => {
      const [session_id, value] = [unique('session'), unique(field)];
      await monitor.send({ session_id, [field]: unique(field) });
      await monitor.send({ session_id, [field]: value });
      await monitor.send({ session_id });
      assert.equal((await monitor.stored({ session_id }))[field], value);
    });

    test('in a session that knows none stays null', async () => {
      const session_id = unique('session');
      await monitor.send({ session_id });
      assert.equal((await monitor.stored({ session_id }))[field], null);
    });

    test('stored earlier does not change', async () => {
      const session_id = unique('session');
      const none = await monitor.stored({ session_id });
      const old = await monitor.stored({ session_id, [field]: unique(field) });
      await monitor.send({ session_id, [field]: unique(field) });
      assert.deepEqual(await monitor.row(none.id, session_id), none);
      assert.deepEqual(await monitor.row(old.id, session_id), old);
    });

    test('is not forgotten when a blank one is sent', async () => {
      const [session_id, value] = [unique('session'), unique(field)];
      await monitor.send({ session_id, [field]: value });
      assert.equal((await monitor.stored({ session_id, [field]: ' ' }))[field], value);
    });

    test('does not come from another session', async () => {
      const agent_type = unique('agent');
      await monitor.send({ agent_type, [field]: unique(field) });
      assert.equal((await monitor.stored({ agent_type }))[field], null);
    });

    test('survives the end of the session', async () => {
      const session = { session_id: unique('session'), agent_type: unique('agent') };
      const value = unique(field);
      await monitor.send({ ...session, [field]: value });
      await monitor.send({ ...session, event_type: 'session_end' });
      assert.equal((await monitor.stored(session))[field], value);
    });
  });
}

test('a project alone leaves the branch of the session, and the other way round', async () => {
  const session_id = unique('session');
  const [project, branch] = [unique('project'), unique('branch')];
  await monitor.send({ session_id, project: unique('project'), branch });
  await monitor.send({ session_id, project });
  const row = await monitor.stored({ session_id });
  assert.deepEqual([row.project, row.branch], [project, branch]);
});
