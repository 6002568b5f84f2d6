// GET /api/filter-options: the values that events and sessions can be filtered by.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { event, unique } from '../support/monitor.mjs';
import { until } from '../support/until.mjs';
import { openMonitor } from './target.mjs';

const monitor = await openMonitor();
const options = () => monitor.read('/api/filter-options');

const LISTS = ['agent_types', 'event_types', 'tool_names', 'models', 'projects', 'sources'];

describe('the options', () => {
  test('are seven lists', async () => {
    assert.deepEqual(Object.keys(await options()).sort(), [...LISTS, 'branches'].sort());
  });

  test('have every value that was sent, once', async () => {
    const sent = event({
      event_type: 'plan_step',
      tool_name: unique('tool'),
      model: unique('model'),
      project: unique('project'),
      source: unique('source'),
    });
    await monitor.sendBatch([sent, { ...sent, status: 'error', branch: 'other' }]);
    const all = await options();
    const once = (list, value) =>
      assert.equal(all[list].filter((each) => each === value).length, 1, `${list} ${value}`);
    once('agent_types', sent.agent_type);
    once('event_types', 'plan_step');
    once('tool_names', sent.tool_name);
    once('models', sent.model);
    once('projects', sent.project);
    once('sources', sent.source);
  });

  test('are in the order of their bytes', async () => {
    const names = ['b', 'A', 'a', 'ü', 'Z', 'z'].map((name) => `${name}-${unique('x')}`);
    await monitor.sendBatch(
      names.map((name) =>
        event({ agent_type: name, tool_name: name, model: name, project: name, source: name }),
      ),
    );
    const all = await options();
    for (const list of LISTS) {
      const bytewise = [...all[list]].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(all[list], bytewise, list);
    }
  });

  test('are texts, none of them null', async () => {
    await monitor.send({});
    const all = await options();
    for (const list of LISTS) assert.ok(all[list].every((each) => typeof each === 'string'), list);
  });

  test('of projects are those of sessions', async () => {
    const session_id = unique('session');
    const [old, current] = [unique('old'), unique('current')];
    await monitor.send({ session_id, project: old });
    await monitor.send({ session_id, project: current });
    const { projects } = await options();
    assert.ok(projects.includes(current));
    assert.ok(!projects.includes(old));
  });
});

describe('branches', () => {
  const find = async (branch) =>
    (await options()).branches.filter(({ value }) => value === branch);

  test('are labelled with their project', async () => {
    const branch = unique('branch');
    await monitor.send({ branch, project: 'shop' });
    assert.deepEqual(await find(branch), [{ value: branch, label: `shop / ${branch}` }]);
  });

  test('without a project are labelled with their name', async () => {
    const branch = unique('branch');
    await monitor.send({ branch });
    assert.deepEqual(await find(branch), [{ value: branch, label: branch }]);
  });

  test('leave out HEAD', async () => {
    await monitor.send({ branch: 'HEAD' });
    assert.deepEqual(await find('HEAD'), []);
  });

  test('come once, with the project of the latest session, the latest first', async () => {
    const [branch, other] = [unique('branch'), unique('other')];
    await monitor.send({ branch, project: 'before' });
    const { created_at } = await monitor.stored({ branch: other, project: 'p' });
    const isLater = async () => (await monitor.stored()).created_at > created_at;
    await until(isLater, 'the clock of the server shows the next second', { everyMs: 50 });
    await monitor.send({ branch, project: 'after' });

    assert.deepEqual(await find(branch), [{ value: branch, label: `after / ${branch}` }]);
    const values = (await options()).branches.map(({ value }) => value);
    assert.ok(values.indexOf(branch) < values.indexOf(other));
  });
});
