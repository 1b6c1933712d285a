// Words for what stands in the audit log: deeds, and the things that were seen, heard or taken.
export const EVENTS = {
  "access.view": "查看", "access.playback": "听录音", "access.search": "查询", "access.export": "导出", refused: "被拒绝", "audit.read": "查阅审计日志",
  "export.asked": "申请导出", "export.decided": "审批导出", "export.made": "导出文件", login: "登录", logout: "退出", "login.failed": "登录失败",
  "login.confirmed": "以密码确认", "login.locked": "锁定", "login.unlocked": "解锁", "login.invited": "发出设置链接", "login.set_up": "设置登录", "login.ended": "结束登录",
  "login.password_set": "设置密码", "login.password_changed": "修改密码", "login.authenticator": "验证器", "user.changed": "改用户", "user.removed": "停用用户",
  "api_key.added": "新密钥", "api_key.used": "使用密钥", "api_key.revoked": "吊销密钥", "compliance.verdict": "合规结论", "review.added": "进入复核",
  "call.read": "通话分析", "call.kept": "通话留存", "consent.recorded": "登记同意", "consent.confirmed": "确认同意", "consent.dismissed": "驳回同意",
  "talk.asked": "提问", "talk.answered": "回答", "talk.opinion": "对回答的评价", "talk.sent": "从助手发出", "message.archived": "外发消息留存",
  "outreach.prepared": "客群外发", "service_task.given": "派发任务", "service_task.closed": "任务处理", "task.postponed": "承诺推迟",
  "delivery.task_closed": "送达任务处理", "personal_data.exported": "个人信息导出", "segment.asked": "申请名单", "segment.approved": "批准名单", "segment.refused": "不批准名单",
  "key.created": "建立客户密钥", "key.opened": "依法打开", "key.open_asked": "申请依法打开", "key.open_ended": "结束打开", "prompt.active": "启用提示词",
  "prompt.refused": "提示词未启用", "model.tools": "模型调用工具", "model.thinking": "模型思考", "speech.disposed": "录音用语处理", "incident.closed": "故障结案",
  "knowledge.document.uploaded": "上传文件", "knowledge.document.erased": "删除文件", "recording.removed": "录音删除", "report.kept": "保存报告",
};
export const THINGS = {
  audit: "审计日志", call: "通话", case: "投诉", client: "客户", consent: "同意", day: "今日客户", delivery: "送达", delivery_task: "送达任务",
  dossier: "留痕材料", incident: "系统事件", lead: "线索", leads: "线索", lists: "列表", message: "消息", mistakes: "误判案例", note: "通话小结", outreach: "客群外发",
  "personal data": "个人信息", question: "提问", reconciliation: "留存核对", recording: "录音", report: "诊断报告", review: "复核", segment: "客群",
  service_task: "服务任务", session: "问答会话", spoken: "录音用语", tags: "客户标签", task: "待办", ticket: "工单", transcript: "通话文字", turns: "通话文字",
  "waiting call": "待处理来电",
};
