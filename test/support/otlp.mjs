// The language of the OTLP tests: what an exporter sends, and what became of it.
import assert from 'node:assert/strict';

/// An AnyValue: `{intValue: '5'}` for 5, and so on. What looks like one is taken as it is.
export function anyValue(value) {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Number.isInteger(value)) return { intValue: String(value) };
  if (typeof value === 'number') return { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  if (/^(string|int|double|bool|array|kvlist|bytes)Value$/.test(Object.keys(value)[0])) {
    return value;
  }
  return { kvlistValue: { values: attributes(value) } };
}

/// A list of attributes from an object.
export function attributes(object) {
  return Object.entries(object).map(([key, value]) => ({ key, value: anyValue(value) }));
}

/// A log record with these attributes; `body` and the others are its fields.
export function logRecord(named, { body, ...fields } = {}) {
  const record = { attributes: attributes(named), ...fields };
  if (body !== undefined) record.body = anyValue(body);
  return record;
}

/// An export of log records of one resource.
export function logsOf(resource, ...logRecords) {
  return {
    resourceLogs: [
      { resource: { attributes: attributes(resource) }, scopeLogs: [{ scope: {}, logRecords }] },
    ],
  };
}

/// An export of one sum: points are [value, attributes]. `temporality` 1 is delta, 2 cumulative.
export function sumOf(resource, name, points, { temporality = 1 } = {}) {
  const dataPoints = points.map(([value, named = {}]) => ({
    ...(Number.isInteger(value) ? { asInt: String(value) } : { asDouble: value }),
    attributes: attributes(named),
  }));
  return metricsOf(resource, {
    name,
    sum: { aggregationTemporality: temporality, isMonotonic: true, dataPoints },
  });
}

/// An export of metrics of one resource.
export function metricsOf(resource, ...metrics) {
  return {
    resourceMetrics: [
      { resource: { attributes: attributes(resource) }, scopeMetrics: [{ scope: {}, metrics }] },
    ],
  };
}

/// An export of spans of one resource.
export function tracesOf(resource, ...spans) {
  return {
    resourceSpans: [
      { resource: { attributes: attributes(resource) }, scopeSpans: [{ scope: {}, spans }] },
    ],
  };
}

/// Sends an export to the contract's path, which must take it.
export async function exported(monitor, signal, body) {
  const reply = await monitor.post(`/api/otel/v1/${signal}`, body);
  assert.equal(reply.status, 200, reply.text);
  assert.deepEqual(reply.json, {});
}

/// The rows of a session in the order in which they were stored.
export async function rowsOf(monitor, session_id) {
  return (await monitor.rows({ session_id, limit: -1 })).sort((a, b) => a.id - b.id);
}
