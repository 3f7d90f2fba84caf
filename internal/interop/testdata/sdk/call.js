// Calls a service with SDKs for Node: node call.js WAY HOST:PORT
//
// It reads calls from standard input, one JSON object a line with version, action and
// parameters, and writes what the SDK returns, one JSON object a line with status, code
// of an error, and body.
'use strict';

const readline = require('node:readline');
const cas = require('@alicloud/cas20200407');
const cdn = require('@alicloud/cdn20180510');
const openapi = require('@alicloud/openapi-client');
const openapiutil = require('@alicloud/openapi-util');
const popcore = require('@alicloud/pop-core');
const teautil = require('@alicloud/tea-util');
const teaxml = require('@alicloud/tea-xml');

const [way, address] = process.argv.slice(2);
const timeout = 300000; // the machine may be busy
const config = {
  accessKeyId: 'id', accessKeySecret: 'secret', endpoint: address, protocol: 'http',
  readTimeout: timeout, connectTimeout: timeout,
};

// withPackage calls with the classes of a product's package. If it lacks the operation,
// withPackage calls with openapi-client.
async function withPackage({ version, action, parameters }) {
  const product = { '2018-05-10': cdn, '2020-04-07': cas }[version];
  const Request = product?.[action + 'Request'];
  if (!Request) {
    return withOpenAPI({ version, action, parameters }, {});
  }
  const request = new Request();
  const left = { ...parameters };
  for (const [field, name] of Object.entries(Request.names())) {
    if (name in left) {
      request[field] = Request.types()[field] === 'number' ? Number(left[name]) : left[name];
      delete left[name];
    }
  }
  if (Object.keys(left).length > 0) {
    throw new Error(`${action} of the package lacks ${Object.keys(left)}`);
  }
  const client = new product.default(config);
  const response = await client[action[0].toLowerCase() + action.slice(1)](request);
  return { status: response.statusCode, body: response.body.toMap() };
}

// withOpenAPI calls with openapi-client.
async function withOpenAPI({ version, action, parameters }, { method = 'POST', form = false, rpc = false, xml = false }) {
  const client = new openapi.default(new openapi.Config({ ...config, signatureAlgorithm: rpc ? 'v2' : undefined }));
  const params = new openapi.Params({
    action, version, method, protocol: 'HTTP', pathname: '/', authType: 'AK', style: 'RPC', reqBodyType: 'formData',
    bodyType: xml ? 'string' : 'json',
  });
  const flat = openapiutil.default.query(xml ? { ...parameters, Format: 'XML' } : parameters);
  const request = new openapi.OpenApiRequest(form ? { body: parameters } : { query: flat });
  const response = await client.callApi(params, request, new teautil.RuntimeOptions({}));
  const body = xml ? Object.values(teaxml.default.parseXml(response.body, null))[0] : response.body;
  return { status: response.statusCode, body };
}

// withXML calls with openapi-client, which reads errors only in JSON. So a call that is
// refused is repeated in JSON.
async function withXML(call) {
  try {
    return await withOpenAPI(call, { rpc: true, xml: true });
  } catch (e) {
    if (e instanceof SyntaxError) {
      return withOpenAPI(call, { rpc: true });
    }
    throw e;
  }
}

// withPopCore calls with pop-core, which writes lists but not objects.
async function withPopCore({ version, action, parameters }, method) {
  const client = new popcore.RPCClient({ ...config, endpoint: `http://${address}`, apiVersion: version, opts: { timeout } }, true);
  const written = {};
  const write = (name, value) => {
    if (Array.isArray(value) || typeof value !== 'object') {
      written[name] = value;
      return;
    }
    Object.entries(value).forEach(([member, inside]) => write(`${name}.${member}`, inside));
  };
  Object.entries(parameters).forEach(([name, value]) => write(name, value));
  const [body, entry] = await client.request(action, written, { method, formatParams: false });
  return { status: entry.response.statusCode, body };
}

const ways = {
  'packages': (call) => withPackage(call),
  'openapi-client, query': (call) => withOpenAPI(call, {}),
  'openapi-client, form': (call) => withOpenAPI(call, { form: true }),
  'openapi-client, GET': (call) => withOpenAPI(call, { method: 'GET', rpc: true }),
  'openapi-client, XML': (call) => withXML(call),
  'pop-core, GET': (call) => withPopCore(call, 'GET'),
  'pop-core, POST': (call) => withPopCore(call, 'POST'),
};

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = await ways[way](JSON.parse(line));
    } catch (e) {
      const status = e.statusCode ?? e.data?.statusCode ?? e.entry?.response.statusCode;
      answer = { status, code: e.code, body: e.data ?? { Message: e.stack } };
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
}

main();
