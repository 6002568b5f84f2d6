// OpenTelemetry's own SDK and exporters, in both encodings.
import { OTLPLogExporter as LogsJson } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as LogsProtobuf } from '@opentelemetry/exporter-logs-otlp-proto';
import {
  AggregationTemporalityPreference,
  OTLPMetricExporter as MetricsJson,
} from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as MetricsProtobuf } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as TracesJson } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as TracesProtobuf } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

const EXPORTERS = {
  json: { logs: LogsJson, metrics: MetricsJson, traces: TracesJson },
  protobuf: { logs: LogsProtobuf, metrics: MetricsProtobuf, traces: TracesProtobuf },
};

export const ENCODINGS = Object.keys(EXPORTERS);

/// An exporter whose results are kept: {code, error} each, where code 0 is success.
function exporterOf(signal, url, { encoding = 'json', gzip = false, ...options }) {
  const exporter = new EXPORTERS[encoding][signal]({
    url: `${url}/${signal}`,
    compression: gzip ? 'gzip' : 'none',
    timeoutMillis: 30_000,
    temporalityPreference: AggregationTemporalityPreference.CUMULATIVE,
    ...options,
  });
  const results = [];
  const send = exporter.export.bind(exporter);
  exporter.export = (items, done) =>
    send(items, (result) => {
      results.push(result);
      done(result);
    });
  return { exporter, results };
}

/// Logs `records` ({eventName, body, attributes, ...}) to `url` and `/logs`; returns the results.
export async function exportLogs(url, resource, records, options = {}) {
  const { exporter, results } = exporterOf('logs', url, options);
  const provider = new LoggerProvider({
    resource: resourceFromAttributes(resource),
    processors: [new SimpleLogRecordProcessor({ exporter })],
  });
  const logger = provider.getLogger('test');
  for (const record of records) logger.emit(record);
  await provider.forceFlush();
  await provider.shutdown();
  return results;
}

/// Adds to the counter `name`, [value, attributes] at a time, and exports after each.
export async function exportCounter(url, resource, name, additions, options = {}) {
  const { exporter, results } = exporterOf('metrics', url, options);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({
    resource: resourceFromAttributes(resource),
    readers: [reader],
  });
  const counter = provider.getMeter('test').createCounter(name);
  for (const [value, attributes] of additions) {
    counter.add(value, attributes);
    await provider.forceFlush();
  }
  await provider.shutdown(); // exports once more
  return results;
}

/// Exports spans ({name, attributes, startTime, endTime, status}).
export async function exportSpans(url, resource, spans, options = {}) {
  const { exporter, results } = exporterOf('traces', url, options);
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes(resource),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer('test');
  for (const { name, attributes, startTime, endTime, status } of spans) {
    const span = tracer.startSpan(name, { attributes, startTime });
    if (status) span.setStatus(status);
    span.end(endTime);
  }
  await provider.forceFlush();
  await provider.shutdown();
  return results;
}
