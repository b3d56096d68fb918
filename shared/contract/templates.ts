import { z } from 'zod';
import { defineCommand, EVERYONE } from './command.ts';
import { cursor, id, isCleanText, limit, name, page, role } from './primitives.ts';
import { nodeType } from './projects.ts';

export const NODES_MAX = 60;
/** With the steps inside of containers: every project carries all of them, and everybody who has it open is sent them. */
export const NODES_IN_ALL_MAX = 120;
export const NOTIFY_MAX = 20;
export const TIMEOUT_DAYS_MAX = 3650;
export const UPLOAD_TYPES_MAX = 40;
/** Templates of one owner, drafts and published ones: they are never removed, because projects were made of them. */
export const TEMPLATES_MAX = 500;

const words = (max: number) => z.string().trim().min(1).max(max).refine(isCleanText, 'must be well-formed text');

/** Words on a button or a title: the same for everybody, or one for each language. */
export const label = z.union([words(100), z.strictObject({ zh: words(100), en: words(100) })]);
export type Label = z.infer<typeof label>;

export const labels = z.strictObject({
  title: label.optional().meta({ description: 'The name of the step; else `name`' }),
  submit: label.optional(),
  claim: label.optional(),
  view: label.optional(),
  upload: label.optional(),
  finish: label.optional().meta({ description: 'Finishes a piece of work; else `confirm`' }),
  confirm: label.optional(),
  reject: label.optional(),
});

/** Who is notified: a side's people in the room, who works the node, the platform, or everybody of the project with a role. */
export const receiver = z.enum(['buyer', 'provider', 'vendor', 'operator', 'current_operator', ...role.options]);
export type Receiver = z.infer<typeof receiver>;

export const notify = z.strictObject({
  to: receiver,
  when: z.enum(['entered', 'timed_out']),
  message: words(1000).meta({
    description: 'The name of a preset message, or text that may hold {project}, {node} and {due}',
  }),
});
export type Notify = z.infer<typeof notify>;

/** Working days with one decimal; 0 is none. */
export const timeoutDays = z
  .number()
  .min(0)
  .max(TIMEOUT_DAYS_MAX)
  .refine((days) => Math.abs(days * 10 - Math.round(days * 10)) < 1e-9, 'must have one decimal at most');

export const upload = z.strictObject({
  types: z
    .array(
      z
        .string()
        .max(100)
        .toLowerCase()
        .regex(/^[a-z0-9]+(\/[a-z0-9.+-]+)?$/, 'must be a file name extension or a media type'),
    )
    .min(1)
    .max(UPLOAD_TYPES_MAX),
  maxBytes: z
    .int()
    .min(1)
    .max(1024 ** 3),
});
export type UploadLimits = z.infer<typeof upload>;

const settings = {
  type: nodeType,
  name,
  side: z.enum(['buyer', 'provider', 'system']).optional(),
  role: role.optional(),
  timeoutDays: timeoutDays.optional(),
  timeoutFrom: z
    .literal('warranty')
    .optional()
    .meta({ description: "The timeout is the product's warranty period; `timeoutDays` is then not read" }),
  autoAdvance: z.boolean().optional(),
  rejectable: z.boolean().optional(),
  needsUpload: z.boolean().optional(),
  upload: upload.optional(),
  rule: z.enum(['provider_first', 'department_first']).optional(),
  labels: labels.optional(),
  notify: z.array(notify).max(NOTIFY_MAX).optional(),
};

// What may stand where is a publishing rule, so that a draft can be kept while it does not fit yet.
const stepInput = z.strictObject({ id: id.optional(), ...settings });
export const nodeInput = z.strictObject({
  id: id.optional().meta({ description: 'Given by the service when left out' }),
  ...settings,
  children: z.array(stepInput).max(NODES_MAX).optional(),
});
export type NodeInput = z.infer<typeof nodeInput>;

const step = z.object({ id, ...settings });
export const templateNode = z.object({ id, ...settings, children: z.array(step).optional() });
export type TemplateStep = z.infer<typeof step>;
export type TemplateNode = z.infer<typeof templateNode>;

/** Who writes on the provider's side: any of its staff in the project, or only who works the current node (domain.md, section 2). */
export const posting = z.enum(['any-staff', 'current-operator']);
export type Posting = z.infer<typeof posting>;

export const template = z.object({
  id,
  name: z.string(),
  status: z.enum(['draft', 'published']),
  builtIn: z.boolean(),
  posting,
  nodes: z.array(templateNode),
});
export type Template = z.infer<typeof template>;

/** A reason for which a template cannot be published. */
export const publishFault = z.object({ nodeId: z.string(), rule: z.string(), message: z.string() });
export type PublishFault = z.infer<typeof publishFault>;

const nodes = z
  .array(nodeInput)
  .min(1)
  .max(NODES_MAX)
  .refine(
    (all) => all.reduce((sum, { children = [] }) => sum + 1 + children.length, 0) <= NODES_IN_ALL_MAX,
    `must be at most ${NODES_IN_ALL_MAX} with the steps inside of containers`,
  );

const AUTHORS = ['service', 'vendor', 'operator'] as const;

export const templateCommands = {
  'template.create': defineCommand({
    summary: 'Stores a new template as a draft. assign_provider is put first when it is left out.',
    input: z.strictObject({ name, posting: posting.optional(), nodes }),
    output: z.object({ template }),
    callers: AUTHORS,
    errors: ['forbidden', 'conflict'],
    rate: 'write',
    writes: true,
  }),
  'template.update': defineCommand({
    summary: 'Changes a draft. A published template is never changed: copy it instead.',
    input: z.strictObject({
      templateId: id,
      name: name.optional(),
      posting: posting.optional(),
      nodes: nodes.optional(),
    }),
    output: z.object({ template }),
    callers: AUTHORS,
    errors: ['forbidden', 'not_found', 'read_only'],
    rate: 'write',
    writes: true,
  }),
  'template.publish': defineCommand({
    summary:
      'Publishes a draft for good. Refused with `conflict`, and the node and the rule of each fault in `details`; doing it again changes nothing.',
    input: z.strictObject({ templateId: id }),
    output: z.object({ template }),
    callers: AUTHORS,
    errors: ['forbidden', 'not_found', 'conflict'],
    rate: 'write',
    writes: true,
  }),
  'template.copy': defineCommand({
    summary: 'Copies a template, a built-in one too, into a new draft.',
    input: z.strictObject({ templateId: id, name }),
    output: z.object({ template }),
    callers: AUTHORS,
    errors: ['forbidden', 'not_found', 'conflict'],
    rate: 'write',
    writes: true,
  }),
  'template.get': defineCommand({
    summary: 'One template.',
    input: z.strictObject({ templateId: id }),
    output: z.object({ template }),
    callers: EVERYONE,
    errors: ['not_found'],
    rate: 'read',
    writes: false,
  }),
  'template.list': defineCommand({
    summary:
      'The built-in public templates, those that the platform has published, and those of the caller; the newest of each first.',
    input: z.strictObject({
      status: z.enum(['draft', 'published']).optional(),
      builtIn: z.boolean().optional(),
      cursor: cursor.optional(),
      limit,
    }),
    output: page(template),
    callers: EVERYONE,
    errors: [],
    rate: 'read',
    writes: false,
  }),
} as const;
