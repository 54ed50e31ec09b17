package member

// Standard returns the schema of the standard fields of product.md, in the order in which tables and templates
// show them. Labels and synonyms hold every spelling of the manuals that the product comes from. Make it once and
// keep it.
func Standard() *Schema {
	fields := identityFields()
	fields = append(fields, profileFields()...)
	fields = append(fields, channelFields()...)
	fields = append(fields, consentFields()...)
	fields = append(fields, assignedFields()...)
	s, err := NewSchema(fields)
	if err != nil {
		panic("member: the standard fields contradict one another: " + err.Error())
	}
	return s
}

// identityFields are those that tell who somebody is, and the keys of an import.
func identityFields() []Field {
	return []Field{
		{
			Key: "id", Type: Number, Integer: true, ReadOnly: true, MergeKey: true, Unique: true,
			Label:    Text{"データID", "ID"},
			Synonyms: []string{"データID (数値)", "data id", "record id", "レコードID"},
		},
		{
			Key: "member_sn", Type: String, MergeKey: true, Unique: true, Fold: true, MaxLength: 255,
			Label: Text{"会員番号", "Member number"},
			Synonyms: []string{
				"会員ID", "会員No", "member id", "memberId", "mamberId", "会員コード", "会員ナンバー", "メンバー番号", "メンバーID",
				"member no", "member code", "membership number", "membership no", "membership id", "顧客番号", "顧客ID", "顧客コード", "顧客No",
				"お客様番号", "お客様ID", "customer id", "customer number", "customer no", "customer code", "ユーザーID", "ユーザID", "user id",
			},
		},
		{
			Key: "email", Type: Email, MergeKey: true,
			Label: Text{"メールアドレス", "E-mail"},
			Synonyms: []string{
				"メールアドレス (テキスト)", "email address", "profile.email", "mail address", "メール", "mail", "Eメール", "Eメールアドレス", "電子メール",
				"電子メールアドレス", "メアド", "PCメールアドレス", "携帯メールアドレス", "メールアドレス1",
			},
		},
		{
			Key: "phone", Type: Phone, MergeKey: true,
			Label: Text{"電話番号", "Phone"},
			Synonyms: []string{
				"phone number", "mobileNumber", "profile.mobileNumber", "携帯番号", "携帯電話番号", "携帯電話", "携帯", "mobile", "mobile phone", "mobile phone number",
				"cell phone", "cell phone number", "telephone", "telephone number", "TEL", "電話", "TEL番号", "tel no", "電話番号1", "連絡先電話番号",
				"landlineNumber", "profile.landlineNumber", "固定電話番号", "固定電話", "自宅電話番号",
			},
		},
		{
			Key: "name", Type: String, Required: true, MaxLength: 255,
			Label: Text{"氏名", "Name"},
			Synonyms: []string{
				"お名前", "名前", "full name", "profile.name", "会員名", "顧客名", "会員氏名", "顧客氏名", "お客様名", "ユーザー名", "ユーザ名", "姓名",
				"フルネーム", "member name", "customer name", "user name", "氏名 (漢字)", "お名前 (漢字)",
			},
		},
		{
			Key: "first_name", Type: String, MaxLength: 255,
			Label:    Text{"名", "First name"},
			Synonyms: []string{"given name", "下の名前", "名 (漢字)", "名前 (名)", "お名前 (名)", "氏名 (名)", "forename", "ファーストネーム"},
		},
		{
			Key: "last_name", Type: String, MaxLength: 255,
			Label:    Text{"姓", "Last name"},
			Synonyms: []string{"苗字", "名字", "family name", "surname", "姓 (漢字)", "名前 (姓)", "お名前 (姓)", "氏名 (姓)", "氏", "ラストネーム"},
		},
	}
}

// profileFields describe a person.
func profileFields() []Field {
	return []Field{
		{
			Key: "sex", Type: Choice,
			Label:    Text{"性別", "Sex"},
			Synonyms: []string{"gender"},
			Choices: []Option{
				{Number: 1, Key: "male", Label: Text{"男性", "Male"}, Synonyms: []string{"男", "M", "man", "男子"}},
				{Number: 2, Key: "female", Label: Text{"女性", "Female"}, Synonyms: []string{"女", "F", "woman", "女子"}},
			},
		},
		{
			Key: "birthday", Type: Date,
			Label:    Text{"生年月日", "Birthday"},
			Synonyms: []string{"誕生日", "birth date", "date of birth", "DOB", "birth", "お誕生日"},
		},
		{
			Key: "city", Type: String, MaxLength: 255,
			Label:    Text{"市区町村", "City"},
			Synonyms: []string{"市町村町", "市町村", "市区郡", "市", "住所 (市区町村)"},
		},
		{
			Key: "country", Type: String, MaxLength: 255,
			Label:    Text{"国", "Country"},
			Synonyms: []string{"国名", "居住国", "country name"},
		},
		{
			Key: "iso_code", Type: String, Fold: true, Country: true, MaxLength: 2,
			Label:    Text{"国コード", "Country code"},
			Synonyms: []string{"ISO国コード", "ISOコード", "country iso code", "iso country code"},
		},
		{
			Key: "register_date", Type: Date,
			Label:    Text{"登録日", "Registration date"},
			Synonyms: []string{"会員登録日", "入会日", "登録年月日", "入会年月日", "registered date", "registered on", "sign up date", "join date", "joined on"},
		},
		{
			Key: "register_type", Type: String, MaxLength: 255,
			Label:    Text{"会員登録経由", "Registered through"},
			Synonyms: []string{"登録経由", "登録経路", "会員登録経路", "入会経路", "registration type", "registration source", "sign up source"},
		},
		{
			Key: "member_level", Type: String, MaxLength: 255,
			Label:    Text{"会員ランク", "Member level"},
			Synonyms: []string{"メンバーレベル", "会員レベル", "会員ステージ", "会員等級", "会員種別", "member rank", "member tier", "membership level", "rank"},
		},
		{
			Key: "tags", Type: Tags, CommaSeparated: true,
			Label:    Text{"タグ", "Tags"},
			Synonyms: []string{"tag", "会員タグ", "顧客タグ", "member tag", "member tags"},
		},
		{
			Key: "is_active", Type: Boolean, Default: BoolValue(true),
			Label:    Text{"状態", "Active"},
			Synonyms: []string{"会員状態", "アクティブ", "アクティブ状態", "有効", "有効フラグ", "active flag"},
			Inverted: []string{"退会", "退会フラグ", "退会済み", "無効", "無効フラグ", "inactive", "is inactive", "disabled", "is disabled"},
		},
	}
}

// channelFields identify a person elsewhere.
func channelFields() []Field {
	return []Field{
		{
			Key: "crm_pk", Type: String, MaxLength: 255,
			Label:    Text{"CRM キー", "CRM key"},
			Synonyms: []string{"CRM ID", "CRM連携キー"},
		},
		{
			Key: "google_id", Type: String, MaxLength: 255,
			Label:    Text{"Google ID", "Google ID"},
			Synonyms: []string{"グーグルID", "google user id", "GoogleユーザーID"},
		},
		{
			Key: "facebook_id", Type: String, MaxLength: 255,
			Label:    Text{"Facebook ID", "Facebook ID"},
			Synonyms: []string{"フェイスブックID", "facebook user id", "FacebookユーザーID"},
		},
		{
			Key: "line_id", Type: String, MergeKey: true, MaxLength: 255,
			Label:    Text{"LINE ID", "LINE ID"},
			Synonyms: []string{"LINEユーザーID", "LINEユーザID", "line user id", "line uid"},
		},
		{
			Key: "messenger_psid", Type: String, MaxLength: 255,
			Label:    Text{"Messenger PSID", "Messenger PSID"},
			Synonyms: []string{"メッセンジャーPSID", "PSID"},
		},
		{
			Key: "apns_token", Type: String,
			Label:    Text{"APNs トークン", "APNs token"},
			Synonyms: []string{"apns device token"},
		},
		{
			Key: "fcm_token", Type: String, MaxLength: 4096,
			Label:    Text{"FCM トークン", "FCM token"},
			Synonyms: []string{"fcm registration token"},
		},
		{
			Key: "device", Type: Choice,
			Label:    Text{"デバイス", "Device"},
			Synonyms: []string{"デバイスフラグ", "device flag", "端末", "device type"},
			Choices: []Option{
				{Number: 0, Key: "unset", Label: Text{"未設定", "Unset"}},
				{Number: 1, Key: "pc", Label: Text{"PC", "PC"}, Synonyms: []string{"パソコン"}},
				{Number: 2, Key: "feature_phone", Label: Text{"フィーチャー・フォン", "Feature phone"}, Synonyms: []string{"フィーチャーフォン", "ガラケー"}},
				{Number: 3, Key: "iphone", Label: Text{"iPhone", "iPhone"}, Synonyms: []string{"iOS"}},
				{Number: 4, Key: "android", Label: Text{"Android", "Android"}, Synonyms: []string{"アンドロイド"}},
				{Number: 5, Key: "windows_phone", Label: Text{"Windows Phone", "Windows Phone"}},
			},
		},
	}
}

// consentFields say what somebody agrees to receive. An empty cell never changes them.
func consentFields() []Field {
	return []Field{
		consentField("is_subscriber", []string{"email"}, Text{"メール受信可否", "Receives e-mail"},
			[]string{
				"is_subsriber", "サブスクライブするかどうか", "サブスクライブ", "メール受信", "メール配信", "メール配信可否", "メルマガ", "メルマガ受信",
				"メルマガ配信", "メルマガ購読", "メルマガ受信可否", "メールマガジン", "メールマガジン受信", "メール受信許可", "メール受信同意", "受信可否", "配信可否",
				"subscriber", "subscribed", "is subscribed", "email subscribed", "email opt in", "opt in", "subscribe email", "newsletter",
			},
			[]string{
				"unsubscribeEmail", "配信停止", "メール配信停止", "メール受信拒否", "受信拒否", "メルマガ配信停止", "メルマガ受信拒否", "メルマガ停止",
				"メルマガ拒否", "メール拒否", "メール停止", "配信拒否", "配信不可", "メール配信拒否", "配信停止フラグ", "メール配信停止フラグ", "unsubscribe", "unsubscribed",
				"is unsubscribed", "email unsubscribed", "unsubscribed email", "opt out", "email opt out", "has opted out of email", "do not email",
			}),
		consentField("is_subscriber_sms", []string{"phone"}, Text{"SMS受信可否", "Receives SMS"},
			[]string{"is_subsriber_sms", "SMS受信", "SMS配信", "SMS配信可否", "SMS受信許可", "SMS受信同意", "sms subscribed", "sms opt in", "subscribe sms", "subscribe texting"},
			[]string{
				"unsubscribeTexting", "SMS配信停止", "SMS受信拒否", "SMS拒否", "SMS停止", "SMS配信拒否", "unsubscribe sms", "sms unsubscribed",
				"unsubscribe text", "sms opt out", "texting opt out",
			}),
		consentField("is_subscriber_line", []string{"line_id"}, Text{"LINE受信可否", "Receives LINE messages"},
			[]string{"is_subsriber_line", "LINE受信", "LINE配信", "LINE配信可否", "LINE受信許可", "line subscribed", "line opt in", "subscribe line"},
			[]string{"unsubscribe line", "LINE配信停止", "LINE受信拒否", "LINE拒否", "LINEブロック", "line unsubscribed", "line opt out"}),
		consentField("is_subscriber_pn", []string{"apns_token", "fcm_token"}, Text{"プッシュ通知受信可否", "Receives push notifications"},
			[]string{
				"is_subsriber_pn", "プッシュ通知", "プッシュ通知受信", "プッシュ通知配信", "プッシュ通知許可", "プッシュ受信可否", "push subscribed",
				"push opt in", "subscribe push", "push notification",
			},
			[]string{"unsubscribe push", "プッシュ通知停止", "プッシュ通知拒否", "プッシュ通知受信拒否", "プッシュ通知配信停止", "push unsubscribed", "push opt out"}),
		consentField("is_subscriber_messenger", []string{"messenger_psid"}, Text{"メッセンジャー受信可否", "Receives Messenger messages"},
			[]string{"is_subsriber_messenger", "メッセンジャー受信", "メッセンジャー配信", "Messenger受信可否", "messenger subscribed", "messenger opt in", "subscribe messenger"},
			[]string{"unsubscribe messenger", "メッセンジャー配信停止", "メッセンジャー受信拒否", "メッセンジャー拒否", "messenger unsubscribed", "messenger opt out"}),
	}
}

func consentField(key string, contacts []string, label Text, synonyms, inverted []string) Field {
	return Field{
		Key: key, Type: Boolean, Consent: true, Contacts: contacts, Default: BoolValue(true),
		Label: label, Synonyms: synonyms, Inverted: inverted,
	}
}

// assignedFields are filled by Meibo; an import cannot set them.
func assignedFields() []Field {
	return []Field{
		{
			Key: "carrier", Type: Choice, ReadOnly: true, Automatic: true,
			Label:    Text{"携帯キャリア", "Mobile carrier"},
			Synonyms: []string{"携帯キャリアフラグ", "キャリア", "キャリアフラグ", "carrier flag"},
			Choices: []Option{
				{Number: CarrierPC, Key: "pc", Label: Text{"PC", "PC"}},
				{Number: CarrierDocomo, Key: "docomo", Label: Text{"docomo", "docomo"}, Synonyms: []string{"ドコモ"}},
				{Number: CarrierSoftBank, Key: "softbank", Label: Text{"softbank", "softbank"}, Synonyms: []string{"ソフトバンク"}},
				{Number: CarrierAU, Key: "au", Label: Text{"au", "au"}},
				{Number: CarrierDisney, Key: "disney", Label: Text{"ディズニー・モバイル", "Disney Mobile"}},
				{Number: CarrierWillcom, Key: "willcom", Label: Text{"willcom", "willcom"}, Synonyms: []string{"ウィルコム"}},
				{Number: CarrierEMobile, Key: "emobile", Label: Text{"emobile", "emobile"}, Synonyms: []string{"イー・モバイル"}},
				{Number: CarrierISoftBank, Key: "i.softbank", Label: Text{"i.softbank", "i.softbank"}},
				{Number: CarrierWCM, Key: "wcm.ne.jp", Label: Text{"wcm.ne.jp", "wcm.ne.jp"}},
			},
		},
		{
			Key: "bounce_count", Type: Number, Integer: true, ReadOnly: true,
			Label:    Text{"バウンス回数", "Bounce count"},
			Synonyms: []string{"バウンス回数 (数値)", "エラー回数", "bounces"},
		},
		{
			Key: "import_tags", Type: Tags, CommaSeparated: true, ReadOnly: true,
			Label:    Text{"インポートタグ", "Import tags"},
			Synonyms: []string{"顧客インポートタグ", "userImportTag", "user.userImportTag", "import tag"},
		},
		{
			Key: "created_at", Type: DateTime, ReadOnly: true,
			Label:    Text{"作成日時", "Created at"},
			Synonyms: []string{"createdAt", "初回アクセス時間", "初回アクセス日時", "登録日時", "created"},
		},
		{
			Key: "updated_at", Type: DateTime, ReadOnly: true,
			Label:    Text{"更新日時", "Updated at"},
			Synonyms: []string{"updatedAt", "updateAt", "最近修正時間", "最終更新日時", "更新日", "updated"},
		},
		{
			Key: "last_seen_at", Type: DateTime, ReadOnly: true,
			Label:    Text{"最終アクセス日時", "Last seen at"},
			Synonyms: []string{"lastSeenAt", "最近アクセス時間", "最終アクセス", "last seen"},
		},
	}
}
