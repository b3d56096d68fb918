import type { OpportunityKind, RecordStage } from '../../shared/contract/opportunities.ts';
import type { QuoteLine } from '../../shared/contract/proposals.ts';
import { CLIENT_ORG, DEMO_PEOPLE, type DemoPersonName } from './people.ts';

/** Customers of the marketplace: whose demands the demonstration seeds, and for whom providers can submit one. */
export const CUSTOMERS = [
  { id: DEMO_PEOPLE.client.userId, org: CLIENT_ORG.orgId, name: '陈静怡（山海茶业）' },
  { id: 'demo-lin-xiaodong', org: 'demo-lufeng', name: '林晓东（鹭风物流）' },
  { id: 'demo-wu-yaqin', org: 'demo-haixiao', name: '吴雅琴（海笑口腔）' },
] as const;

export const CATEGORIES = ['官网建设', '小程序开发', '品牌设计', '电商代运营', '软件实施'] as const;
export const REGIONS = ['福建', '广东', '浙江', '上海', '北京', '全国'] as const;

/** What the three competitors can deliver. */
export const RIVAL_PRODUCTS = [
  { productId: 'demo-site-build', name: '官网定制开发' },
  { productId: 'demo-mini-program', name: '小程序定制开发' },
] as const;

export interface DemoDemand {
  /** Names it for good, so that a restart finds it. */
  readonly key: string;
  readonly by: (typeof CUSTOMERS)[number];
  readonly kind: OpportunityKind;
  /** The provider of a targeted one. */
  readonly org?: string;
  readonly category: string;
  readonly subCategory?: string;
  readonly title: string;
  readonly details: string;
  readonly budget: { readonly min?: string; readonly max?: string };
  readonly region: string;
  readonly contactName: string;
  readonly email: string;
  /** Invented; it goes into the vault, and is shown to nobody. */
  readonly phone: string;
  readonly shareContact: boolean;
}

const [TEA, LOGISTICS, DENTIST] = CUSTOMERS;

/** The one that three providers compete for. */
export const CONTESTED: DemoDemand = {
  key: 'site',
  by: TEA,
  kind: 'normal',
  category: '官网建设',
  subCategory: '品牌官网',
  title: '茶叶品牌官网改版，含季节茶单与询价',
  details:
    '我们在厦门做茶叶拼配与烘焙，主要供应精品酒店和民宿。现有官网只有一页，客户找不到当季茶单。\n\n希望：\n1. 8 到 10 个页面，中英文，手机端好用\n2. 季节茶单自己能更新\n3. 酒店采购可以在线询价，消息通知到企业微信\n4. 三月春茶上市前上线',
  budget: { min: '30000', max: '60000' },
  region: '福建',
  contactName: '陈静怡',
  email: 'chen@shanhai.example',
  phone: '+86 10 5550 0101',
  shareContact: true,
};

/** Waits for one provider's answer. */
export const OFFERED: DemoDemand = {
  key: 'tracking',
  by: LOGISTICS,
  kind: 'targeted',
  org: 'demo-qingshan',
  category: '小程序开发',
  title: '物流查询小程序，客户扫码看到货进度',
  details:
    '同城冷链配送，每天约 600 单。客户扫运单码就能看到车辆位置和预计到达时间，司机端已有接口。希望六周内上线试用。',
  budget: { max: '45000' },
  region: '福建',
  contactName: '林晓东',
  email: 'lin@lufeng.example',
  phone: '+86 10 5550 0102',
  shareContact: false,
};

/** Come into the plaza at its next refresh. */
export const FOR_THE_PLAZA: readonly DemoDemand[] = [
  {
    key: 'dentist',
    by: DENTIST,
    kind: 'normal',
    category: '小程序开发',
    title: '口腔门诊在线预约，对接公众号菜单',
    details: '三家门诊共 11 位医生，希望病人在公众号里选医生和时段，前一天自动提醒。需要能导出每周排班。',
    budget: { min: '18000', max: '30000' },
    region: '福建',
    contactName: '吴雅琴',
    email: 'wu@haixiao.example',
    phone: '+86 10 5550 0103',
    shareContact: true,
  },
  {
    key: 'guesthouse',
    by: TEA,
    kind: 'normal',
    category: '品牌设计',
    title: '民宿伴手礼茶盒包装设计，一套三款',
    details: '与鼓浪屿三家民宿联名，每款一句短诗，风格安静、留白多。需要印刷文件和打样跟进。',
    budget: { max: '12000' },
    region: '全国',
    contactName: '陈静怡',
    email: 'chen@shanhai.example',
    phone: '+86 10 5550 0104',
    shareContact: true,
  },
];

export type DemoStep =
  | { readonly type: 'say'; readonly by: DemoPersonName; readonly text: string; readonly in?: 'lane' | 'desk' }
  | { readonly type: 'record'; readonly connected: boolean; readonly stage: RecordStage; readonly text: string }
  | {
      readonly type: 'propose';
      readonly name: string;
      readonly productId: string;
      readonly lines: readonly QuoteLine[];
      readonly remark?: string;
    };

/** What each competitor has done for the contested demand. None of them sees anything of the others. */
export const COURSES: readonly { readonly rival: 'cedar' | 'sail' | 'ink'; readonly steps: readonly DemoStep[] }[] = [
  {
    rival: 'cedar',
    steps: [
      {
        type: 'say',
        by: 'cedar',
        text: '陈女士您好，我是青杉数字的周启明。我们去年给两家茶企做过官网，茶单都是客户自己更新的。方便发我现有网站和 logo 吗？',
      },
      { type: 'say', by: 'client', text: '您好！网站是单页的，logo 矢量稿周五能给到。茶单大约 40 款，每季换一次。' },
      {
        type: 'record',
        connected: true,
        stage: 'clarify',
        text: '电话沟通 20 分钟。重点是茶单自助更新和询价通知，英文内容由客户提供。上线时间卡在三月初。',
      },
      {
        type: 'propose',
        name: '标准版',
        productId: 'demo-site-build',
        lines: [
          { product: '官网设计与开发', spec: '10 页，中英文', quantity: 1, listPrice: '32000', price: '28000' },
          { product: '季节茶单后台', quantity: 1, listPrice: '12000', price: '9800' },
          { product: '内容录入', spec: '每篇', quantity: 12, listPrice: '200', price: '150' },
        ],
        remark: '含一年内容修改支持，六周交付。',
      },
      {
        type: 'propose',
        name: '标准版 + 询价小程序',
        productId: 'demo-site-build',
        lines: [
          { product: '官网设计与开发', spec: '10 页，中英文', quantity: 1, listPrice: '32000', price: '28000' },
          { product: '季节茶单后台', quantity: 1, listPrice: '12000', price: '9800' },
          { product: '询价小程序', spec: '对接企业微信', quantity: 1, listPrice: '18000', price: '14500' },
          { product: '内容录入', spec: '每篇', quantity: 12, listPrice: '200', price: '150' },
        ],
        remark: '小程序与官网共用茶单，八周交付。',
      },
      { type: 'say', by: 'client', text: '两个方案都收到了，我和酒店渠道的同事看一下，周三前答复您。' },
      { type: 'say', by: 'cedar', in: 'desk', text: '客户问能否分两期付款，平台订单支持吗？' },
      { type: 'say', by: 'operator', in: 'desk', text: '支持：可以发两个方案，对应两笔订单，分别支付。' },
    ],
  },
  {
    rival: 'sail',
    steps: [
      {
        type: 'say',
        by: 'sail',
        text: '陈女士好，云帆网络沈若岚。预算和时间都没问题，我们有一套适合茶叶品牌的官网框架，可以省下不少设计费。',
      },
      { type: 'record', connected: false, stage: 'understand', text: '上午两次电话未接通，已在房间留言。' },
      {
        type: 'propose',
        name: '框架定制方案',
        productId: 'demo-site-build',
        lines: [
          { product: '官网框架定制', spec: '8 页', quantity: 1, listPrice: '22000', price: '18800' },
          { product: '询价表单与通知', quantity: 1, listPrice: '6000', price: '5200.50' },
          { product: '运维服务', spec: '每月', quantity: 12, listPrice: '800', price: '600' },
        ],
      },
      { type: 'say', by: 'client', text: '谢谢，框架能看一下演示站吗？我们比较在意照片的呈现。' },
    ],
  },
  {
    rival: 'ink',
    steps: [
      {
        type: 'say',
        by: 'ink',
        text: '您好，墨点设计何嘉宁。看到“山海之间，一盏清茶”这句话很喜欢，我们想先做一次品牌视觉梳理，再做官网。',
      },
      { type: 'say', by: 'client', text: '这正是我担心的地方：官网和包装看起来像两家公司。' },
      { type: 'record', connected: true, stage: 'price', text: '客户认可先做视觉梳理，希望总价控制在五万左右。' },
      {
        type: 'propose',
        name: '视觉梳理 + 官网定制',
        productId: 'demo-site-build',
        lines: [
          { product: '品牌视觉梳理', quantity: 1, listPrice: '15000', price: '13500' },
          { product: '官网定制设计', spec: '每页', quantity: 10, listPrice: '3000', price: '2600' },
          { product: '前端实现', quantity: 1, listPrice: '12000', price: '11000' },
        ],
        remark: '首页先出两版，选定后再往下做。',
      },
      { type: 'say', by: 'ink', in: 'desk', text: '客户要求先签保密协议再提供产品资料，平台有标准范本吗？' },
    ],
  },
];
