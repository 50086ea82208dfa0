# What is kept of each published model: the operations that an emulated control plane answers, a prover asks, or a resource stands for.
BOTOCORE = "botocore/data/%s/service-2.json.gz"
AWS = {
    name: ("botocore", BOTOCORE % path, operations.split())
    for name, path, operations in (
        ("aws-apprunner", "apprunner/2020-05-15",
         "CreateService UpdateService DescribeService DeleteService PauseService ResumeService ListServices ListOperations"
         " ListTagsForResource TagResource UntagResource CreateAutoScalingConfiguration DescribeAutoScalingConfiguration"
         " DeleteAutoScalingConfiguration AssociateCustomDomain DescribeCustomDomains DisassociateCustomDomain"
         " CreateVpcConnector DescribeVpcConnector DeleteVpcConnector CreateVpcIngressConnection CreateObservabilityConfiguration"),
        ("aws-ecs", "ecs/2014-11-13",
         "CreateExpressGatewayService DescribeExpressGatewayService UpdateExpressGatewayService DeleteExpressGatewayService"
         " ListServiceDeployments DescribeServiceDeployments DescribeServiceRevisions DescribeServices ListTasks DescribeTasks ListTagsForResource TagResource UntagResource"),
        ("aws-cloudwatch", "cloudwatch/2010-08-01", "GetMetricData PutMetricAlarm PutDashboard"),
        ("aws-logs", "logs/2014-03-28", "CreateLogGroup PutRetentionPolicy PutMetricFilter FilterLogEvents"),
        ("aws-ecr", "ecr/2015-09-21", "CreateRepository PutLifecyclePolicy SetRepositoryPolicy"),
        ("aws-iam", "iam/2010-05-08", "CreateRole PutRolePolicy AttachRolePolicy CreatePolicy CreateOpenIDConnectProvider"),
        ("aws-sns", "sns/2010-03-31", "CreateTopic Subscribe SetTopicAttributes"),
        ("aws-s3", "s3/2006-03-01",
         "CreateBucket PutBucketVersioning PutPublicAccessBlock PutBucketEncryption PutBucketLifecycleConfiguration PutBucketPolicy"),
        ("aws-secretsmanager", "secretsmanager/2017-10-17", "CreateSecret PutSecretValue"),
        ("aws-rds", "rds/2014-10-31", "CreateDBInstance CreateDBSubnetGroup"),
        ("aws-scheduler", "scheduler/2021-06-30", "CreateSchedule"),
        ("aws-ec2", "ec2/2016-11-15", "CreateVpcEndpoint CreateSecurityGroup"),
        ("aws-route53", "route53/2013-04-01", "CreateHealthCheck"),
    )
}

DISCOVERY = "googleapiclient/discovery_cache/documents/%s.json"
SERVICES = "projects.locations.services"
GOOGLE = {
    name: ("google-api-python-client", DISCOVERY % document, operations.split())
    for name, document, operations in (
        ("gcp-run", "run.v2",
         f"{SERVICES}.create {SERVICES}.list {SERVICES}.get {SERVICES}.patch {SERVICES}.delete {SERVICES}.setIamPolicy {SERVICES}.getIamPolicy"
         f" {SERVICES}.revisions.list {SERVICES}.revisions.get {SERVICES}.revisions.delete projects.locations.operations.get"),
        ("gcp-monitoring", "monitoring.v3",
         "projects.timeSeries.list projects.alertPolicies.create projects.notificationChannels.create projects.uptimeCheckConfigs.create"),
        ("gcp-dashboards", "monitoring.v1", "projects.dashboards.create"),
        ("gcp-artifactregistry", "artifactregistry.v1", "projects.locations.repositories.create"),
        ("gcp-iam", "iam.v1",
         "projects.serviceAccounts.create projects.roles.create projects.locations.workloadIdentityPools.create projects.locations.workloadIdentityPools.providers.create"),
        ("gcp-storage", "storage.v1", "buckets.insert"),
        ("gcp-sqladmin", "sqladmin.v1", "instances.insert databases.insert users.insert"),
        ("gcp-logging", "logging.v2", "entries.list projects.sinks.create projects.locations.buckets.create"),
        ("gcp-secretmanager", "secretmanager.v1", "projects.secrets.create projects.secrets.addVersion projects.secrets.delete projects.secrets.versions.destroy"),
    )
}

WEB = "azure/mgmt/web/operations/_operations.py"


def web(operation, request=None, answer=None):
    return WEB, f"build_web_apps_{operation}_request", request, answer


def site(operation, request=None, answer=None):
    """A site's operation and the same of a slot."""
    return {f"site.{operation}": web(operation, request, answer), f"slot.{operation}": web(f"{operation}_slot", request, answer)}


def created(model):
    """The body of a resource's create request; nothing here speaks its wire."""
    return None, None, model, None


SCALES = "azure/mgmt/monitor/operations/_autoscale_settings_operations.py"

AZURE = {
    "azure-web": (
        "azure-mgmt-web",
        "azure/mgmt/web/models/",
        {
            **site("create_or_update", "Site", "Site"),
            **site("get", None, "Site"),
            **site("delete"),
            **site("get_configuration", None, "SiteConfigResource"),
            **site("update_configuration", "SiteConfigResource", "SiteConfigResource"),
            **site("create_or_update_configuration", "SiteConfigResource", "SiteConfigResource"),
            **site("update_application_settings", "StringDictionary", "StringDictionary"),
            **site("list_application_settings", None, "StringDictionary"),
            **site("list_instance_identifiers", None, "[WebSiteInstanceStatus]"),
            **site("get_web_site_container_logs"),
            **site("start"),
            **site("stop"),
            **site("restart"),
            "site.list_slots": web("list_slots", None, "[Site]"),
            "plan.create_or_update": created("AppServicePlan"),
            "site.configuration_names": created("SlotConfigNamesResource"),
            "site.host_name_binding": created("HostNameBinding"),
            "certificate.create_or_update": created("Certificate"),
        },
    ),
    "azure-monitor": (
        "azure-mgmt-monitor",
        "azure/mgmt/monitor/models/",
        {
            "metrics.list": ("azure/mgmt/monitor/operations/_metrics_operations.py", "build_list_request", None, "Response"),
            "autoscale_settings.create_or_update": (SCALES, "build_create_or_update_request", "AutoscaleSettingResource", "AutoscaleSettingResource"),
            "autoscale_settings.get": (SCALES, "build_get_request", None, "AutoscaleSettingResource"),
            "autoscale_settings.delete": (SCALES, "build_delete_request", None, None),
            "metric_alerts.create_or_update": created("MetricAlertResource"),
            "action_groups.create_or_update": created("ActionGroupResource"),
        },
    ),
    "azure-containerregistry": (
        "azure-mgmt-containerregistry", "azure/mgmt/containerregistry/models/", {"registries.create": created("Registry")},
    ),
    "azure-msi": (
        "azure-mgmt-msi",
        "azure/mgmt/msi/v2024_11_30/models/",
        {"identities.create_or_update": created("Identity"), "federated.create_or_update": created("FederatedIdentityCredential")},
    ),
    "azure-authorization": (
        "azure-mgmt-authorization",
        "azure/mgmt/authorization/v2022_04_01/models/",
        {
            "role_assignments.create": created("RoleAssignmentCreateParameters"),
            "role_definitions.create_or_update": created("RoleDefinition"),
        },
    ),
    "azure-storage": (
        "azure-mgmt-storage",
        "azure/mgmt/storage/models/",
        {"accounts.create": created("StorageAccountCreateParameters"), "containers.create": created("BlobContainer")},
    ),
}
