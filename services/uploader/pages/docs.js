"use strict";
// Renders /openapi.json. Text is only ever set as text, never as markup.

const el = (tag, attributes, ...children) => {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) e.setAttribute(name, value);
  e.append(...children.flat(Infinity).filter(c => c !== null && c !== undefined));
  return e;
};

// prose renders the little markup that descriptions use: paragraphs, `code`, and indented blocks.
const prose = text => (text || "").split(/\n\n+/).filter(Boolean).map(block => {
  if (block.startsWith("    ")) return el("pre", {}, el("code", {}, block.replace(/^ {4}/gm, "")));
  return el("p", {}, inline(block));
});
const inline = text => text.split(/(`[^`]+`)/).map(t => t.startsWith("`") ? el("code", {}, t.slice(1, -1)) : t);

let spec;
const resolve = schema => {
  for (let n = 0; schema && schema.$ref && n < 10; n++) schema = spec.components.schemas[schema.$ref.split("/").pop()];
  return schema || {};
};
const nameOf = schema => schema && schema.$ref ? schema.$ref.split("/").pop() : "";

const typeOf = schema => {
  if (!schema) return "";
  if (schema.$ref) return nameOf(schema);
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" | ");
  const types = [].concat(schema.type || []);
  const text = types.map(t => t === "array" ? typeOf(schema.items) + "[]" : t).join(" | ") || "any";
  return schema.format ? text + " (" + schema.format + ")" : text;
};

const remarks = schema => {
  const out = [...inline(schema.description || "")];
  if (schema.enum) out.push(" One of: ", ...schema.enum.flatMap((v, i) => [i ? ", " : "", el("code", {}, String(v))]), ".");
  if (schema.default !== undefined) out.push(" Default: ", el("code", {}, JSON.stringify(schema.default)), ".");
  if (schema.maximum !== undefined) out.push(" At most " + schema.maximum + ".");
  return out;
};

// properties is the table of an object, with nested objects to be unfolded.
const properties = (schema, depth) => {
  schema = resolve(schema);
  const items = [].concat(schema.type || []).includes("array") ? resolve(schema.items) : schema;
  if (!items.properties) return el("p", {class: "soft"}, typeOf(schema));
  const required = items.required || [];
  const rows = Object.entries(items.properties).map(([name, p]) => {
    const whole = resolve(p);
    const inner = resolve([].concat(whole.type || []).includes("array") ? whole.items : p);
    const nested = inner.properties && depth < 3;
    return el("tr", {},
      el("td", {}, el("code", {}, name), required.includes(name) ? el("span", {class: "bad", title: "required"}, " *") : null),
      el("td", {class: "soft"}, typeOf(p)),
      el("td", {}, remarks(p), nested ? el("details", {}, el("summary", {class: "soft"}, "its properties"), properties(inner, depth + 1)) : null));
  });
  return el("table", {}, el("tbody", {}, rows));
};

const parameters = list => el("table", {}, el("tbody", {}, list.map(p => el("tr", {},
  el("td", {}, el("code", {}, p.name), p.required ? el("span", {class: "bad", title: "required"}, " *") : null),
  el("td", {class: "soft"}, p.in + ", " + typeOf(p.schema)),
  el("td", {}, remarks({...resolve(p.schema), description: p.description || (p.schema || {}).description}))))));

const content = media => Object.entries(media || {}).map(([type, m]) => el("div", {},
  el("p", {class: "soft"}, el("code", {}, type)),
  m.schema ? properties(m.schema, 0) : null,
  m.example ? el("pre", {}, el("code", {}, typeof m.example === "string" ? m.example : JSON.stringify(m.example, null, 2))) : null));

const answerName = r => Object.entries(r.content || {}).map(([type, m]) => nameOf(m.schema) || type).join(", ");

const curl = (method, path, op) => {
  const media = (op.requestBody || {}).content || {};
  const ok = Object.values(op.responses).flatMap(r => Object.keys(r.content || {}));
  const flags = ['-H "Authorization: Bearer $MEIBO_API_KEY"'];
  if (media["application/octet-stream"]) flags.push("-T members.csv"); // a PUT
  else if (media["application/json"]) flags.push("--json '" + JSON.stringify(media["application/json"].example || {}) + "'");
  else if (method !== "get") flags.push("-X " + method.toUpperCase());
  if (ok.includes("text/event-stream")) flags.push("-N");
  if (ok.includes("text/csv")) flags.push("-o failures.csv");
  return ["curl", ...flags, '"' + location.origin + path.replace("{id}", "$ID") + '"'].join(" \\\n  ");
};

const operation = (method, path, op) => {
  const ok = Object.entries(op.responses).filter(([status]) => status < "400");
  const refused = Object.keys(op.responses).filter(status => status >= "400").sort();
  return el("section", {class: "card", id: op.operationId},
    el("h3", {}, op.summary),
    el("p", {}, el("span", {class: "verb " + method}, method.toUpperCase()), el("code", {}, path)),
    prose(op.description),
    op.parameters && op.parameters.length ? [el("h4", {}, "Parameters"), parameters(op.parameters)] : null,
    op.requestBody ? [el("h4", {}, "Body"), content(op.requestBody.content)] : null,
    ok.map(([status, r]) => el("details", {}, el("summary", {}, "Answer " + status + " ", el("span", {class: "soft"}, answerName(r))), content(r.content))),
    refused.length ? el("p", {class: "soft"}, "Refusals: " + refused.join(", ") + ", each a ", el("a", {href: "#problem"}, "problem"), ".") : null,
    el("details", {}, el("summary", {}, "Example"), el("pre", {}, el("code", {}, curl(method, path, op)))));
};

const render = () => {
  const nav = document.getElementById("nav"), main = document.getElementById("main");
  main.replaceChildren(el("h1", {}, spec.info.title + " API"), el("p", {class: "soft"}, "Version " + spec.info.version + " · ", el("a", {href: "/openapi.json"}, "openapi.json")), ...prose(spec.info.description));
  nav.replaceChildren(el("strong", {}, spec.info.title + " API"));
  for (const tag of spec.tags) {
    const found = [];
    for (const [path, item] of Object.entries(spec.paths))
      for (const method of ["post", "put", "get", "delete"])
        if (item[method] && (item[method].tags || []).includes(tag.name)) found.push([method, path, item[method]]);
    found.sort((a, b) => a[2]["x-order"] - b[2]["x-order"]);
    nav.append(el("h2", {}, tag.name), ...found.map(([, , op]) => el("a", {href: "#" + op.operationId}, op.summary)));
    main.append(el("h2", {}, tag.name), el("p", {class: "soft"}, tag.description), ...found.map(f => operation(...f)));
  }
  nav.append(el("h2", {}, "Refusals"), el("a", {href: "#problem"}, "The problem document"));
  main.append(el("h2", {}, "Refusals"), el("section", {class: "card", id: "problem"}, el("p", {}, el("code", {}, "application/problem+json"), " (RFC 9457)"), properties({$ref: "#/components/schemas/Problem"}, 0)));
  if (location.hash) { const target = document.getElementById(location.hash.slice(1)); if (target) target.scrollIntoView(); }
};

fetch("/openapi.json").then(r => r.json()).then(s => { spec = s; render(); }).catch(err => {
  document.getElementById("main").replaceChildren(el("p", {class: "bad"}, "The description of the API could not be loaded: " + err.message));
});
