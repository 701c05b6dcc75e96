// AWS's own validator over templates: prints what it finds from warnings upwards, and fails when there is any.
//
// Usage: NODE_PATH=… node validate.cjs TEMPLATE…

const { RegoEngine, TemplateFile } = require("@aws/cloudformation-validate");

const engine = new RegoEngine();
let found = 0;
for (const path of process.argv.slice(2)) {
  const report = engine.validateStandard(new TemplateFile(path), { severityLevel: "WARN", strict: true });
  for (const { severity, ruleId, message, propertyPath } of report.diagnostics) {
    found += 1;
    console.log(`${path}: ${severity} ${ruleId} ${propertyPath ?? ""}: ${message}`);
  }
}
engine.free();
process.exit(found === 0 ? 0 : 1);
